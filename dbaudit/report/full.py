"""The report a person reads: what was looked at, what is wrong, what was not looked at, and the table of fixes.

Text from the server or from files goes through `clean` into rich's Text, so that it is never markup nor an escape.
Nothing is cut off: what does not fit is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dbaudit.engine import Report
from dbaudit.facts.activity import Slots
from dbaudit.facts.budget import PoolUse
from dbaudit.facts.statement import Explained, Variant
from dbaudit.finding import Finding, Fix, Proof, Severity
from dbaudit.report import budget, excerpt, plan_change, plan_tree, runs, slots, statements
from dbaudit.report.summary import (
    FixRow,
    check_names,
    fix_rows,
    last_line,
    skips,
    statement_labels,
    subject_label,
    where,
)
from dbaudit.report.text import clean, folded

# From this width on the table has a column for the place and one for the problem.
_WIDE = 110
_OTHER_COLUMNS = 22

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}


def render(report: Report, *, width: int, color: bool, verbose: bool = False) -> str:
    """The whole report, wrapped at `width` columns, with ANSI colours or without."""
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    _header(console, report)
    _statements(console, report)
    if verbose:
        _plans(console, report)
    _slots(console, report)
    _budget(console, report)
    rows = fix_rows(report)
    _findings(console, report, rows)
    _skipped(console, report)
    _fixes(console, report, rows)
    if report.failure:
        console.print(Text(f"Not finished: {clean(report.failure)}", style="bold red"))
    console.print(Text(last_line(report), style="bold"))
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def _header(console: Console, report: Report) -> None:
    title = Text(f"dbaudit {report.command}", style="bold")
    if report.target:
        title.append(f"  {clean(str(report.target))}  PostgreSQL {report.target.version}", style="default")
    console.print(title)
    for note in report.notes:
        console.print(Text(f"note: {clean(note)}", style="italic"))
    console.print()


def _section(console: Console, title: str) -> None:
    console.print(Text(title, style="bold underline"))


def _statements(console: Console, report: Report) -> None:
    if not report.facts.get(Explained):
        return
    _section(console, "Statements")
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("statement", "how", "figures"):
        grid.add_column(name, overflow="fold", justify="left")
    for row in statements.rows(report):
        style = _STYLES.get(row.worst, "default") if row.worst else "default"
        grid.add_row(Text(row.label, style=style), Text(row.outcome), Text(row.codes, style=style))
    console.print(Padding(grid, (0, 0, 1, 2)))


def _plans(console: Console, report: Report) -> None:
    every = [each.plan for row in report.facts.get(Explained) for each in (row, *row.variants) if each.plan]
    if not every:
        return
    _section(console, "Plans")
    common = runs.same_settings(every)
    if common:
        _line(console, clean(f"settings that differ from their defaults: {runs.of_settings(common)}"), indent=2)
    for explained in report.facts.get(Explained):
        label = clean(explained.statement.label)
        for variant in explained.variants:
            if variant.plan:
                named = f"{label}, {clean(plan_change.name_and_values(variant))}"
                _plan(console, named, variant, common)
        if explained.plan and not explained.variants:
            _plan(console, label, explained, common)


def _plan(console: Console, label: str, explained: Explained | Variant, common: Mapping[str, str] | None) -> None:
    plan = explained.plan
    _line(console, label, indent=2, style="bold")
    own = [] if common is not None or not plan.settings else [f"settings: {runs.of_settings(plan.settings)}"]
    for line in (*runs.in_full(plan, explained.runs), *own):
        _line(console, clean(line), indent=4)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    for line in plan_tree.lines(plan):
        grid.add_row(line.figure, Padding(Text(line.text), (0, 0, 0, line.indent)))
    console.print(Padding(grid, (0, 0, 0, 4)))
    for other in plan_change.under_other_settings(plan, explained.alternatives):
        _line(console, clean(other), indent=4, style="dim")
    console.print()


def _slots(console: Console, report: Report) -> None:
    if not report.facts.get(Slots):
        return
    from dbaudit.report import sessions

    _section(console, "Connection slots")
    for line in slots.lines(report.facts, console.width - 2):
        _line(console, clean(line), indent=2)
    console.print()
    for title, text in sessions.sections(report.facts, console.width - 2):
        _section(console, title)
        for line in text:
            _line(console, line, indent=2)
        console.print()


def _budget(console: Console, report: Report) -> None:
    if report.facts.missing(PoolUse):
        return
    _section(console, "Connection budget")
    for line in budget.lines(report.facts, console.width - 2):
        _line(console, line, indent=2)
    console.print()


def _findings(console: Console, report: Report, rows: tuple[FixRow, ...]) -> None:
    if not report.findings:
        return
    _section(console, "Findings")
    names, labels = check_names(report), statement_labels(report)
    numbers = {id(finding): row.number for row in rows for finding in row.findings if row.fix}
    explained = {row.statement.identity: row.statement for row in report.facts.get(Explained)}
    shown: set[int] = set()
    alternatives: set[Fix] = set()
    for finding in report.findings:
        head = Text()
        head.append(str(finding.severity).upper(), style=_STYLES[finding.severity])
        head.append(f" {finding.code} {names[finding.code]}", style="bold")
        head.append(f"  {_place(labels, finding)}")
        console.print(head)
        _line(console, clean(finding.message), indent=2)
        for line in str(finding.evidence.get("tree", "")).splitlines():
            _line(console, clean(line), indent=4)
        for each in finding.chain:
            _line(console, f"→ {clean(each.message)} ({each.code} {names[each.code]})", indent=2)
        statement = explained.get(finding.subject.name)
        for line in excerpt.lines(statement, finding.span, console.width - 6) if statement else ():
            _line(console, line, indent=6, style="dim")
        number = numbers.get(id(finding))
        if number in shown:
            _line(console, f"fix {number}, above", indent=2, style="green")
        elif number:
            _fix(console, f"fix {number}", finding.fixes[0])
            shown.add(number)
        for other in finding.fixes[1:]:
            if other not in alternatives:
                _fix(console, "or", other)
        alternatives.update(finding.fixes[1:])
        console.print()


def _place(labels: Mapping[str, str], finding: Finding) -> str:
    """The object, and the place in the file where there is one."""
    label, place = subject_label(labels, finding), where(finding)
    return place if place.startswith(label) else f"{label}  {place}"


def _fix(console: Console, label: str, fix: Fix) -> None:
    _line(console, f"{label}: {clean(fix.title)}", indent=2, style="green")
    for statement in fix.statements:
        _line(console, clean(statement), indent=6)
    for line in fix.rewrite.splitlines():
        _line(console, clean(line), indent=6)
    if fix.remark:
        _line(console, clean(fix.remark), indent=6, style="dim")
    if fix.proof:
        _line(console, clean(f"{_proof(fix.proof)} {fix.proof.detail}".strip()), indent=6, style="dim")
    if fix.statements and fix.lock:
        transaction = "may run in a transaction" if fix.in_transaction else "not inside a transaction"
        _line(console, f"takes {fix.lock}; {transaction}", indent=6, style="dim")
    for statement in fix.undo:
        _line(console, f"undo: {clean(statement)}", indent=6, style="dim")


def _line(console: Console, text: str, *, indent: int, style: str = "") -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent)))


def _skipped(console: Console, report: Report) -> None:
    if not report.skipped:
        return
    _section(console, "Not checked")
    for checks, skip in skips(report):
        line = Text(f"{checks}: ", style="bold")
        line.append(clean(skip.reason), style="not bold")
        if skip.remedy:
            line.append(f" → {clean(skip.remedy)}", style="not bold italic")
        console.print(Padding(line, (0, 0, 0, 2)))
    console.print()


def _fixes(console: Console, report: Report, rows: tuple[FixRow, ...]) -> None:
    if not rows:
        return
    _section(console, "Fixes")
    names, labels = check_names(report), statement_labels(report)
    is_wide = console.width >= _WIDE
    columns = ["where", "problem", "fix"] if is_wide else ["where, problem", "fix"]
    room = (console.width - _OTHER_COLUMNS) // len(columns) - 2
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    for name in columns:
        table.add_column(name, width=room, overflow="fold")
    table.add_column("proof", overflow="fold")
    for row in rows:
        worst = row.findings[0]
        places = [folded(subject_label(labels, finding), room) for finding in row.findings]
        problems = [names[finding.code] for finding in row.findings]
        cells = [_lines(places), _lines(problems)] if is_wide else [_lines(_in_turn(places, problems))]
        table.add_row(
            str(row.number),
            Text(str(worst.severity).upper(), style=_STYLES[worst.severity]),
            *cells,
            Text(clean(row.fix.title) if row.fix else "none known: see the finding"),
            Text(_proof(row.fix.proof or worst.proof) if row.fix else ""),
        )
    console.print(table)
    console.print()


def _lines(texts: Iterable[str]) -> Text:
    return Text("\n".join(dict.fromkeys(texts)))


def _in_turn(places: list[str], problems: list[str]) -> Iterator[str]:
    """Each place, then what is wrong there: for a table too narrow for two columns."""
    for place, problem in zip(places, problems):
        yield place
        yield f"  {problem}"


def _proof(proof: Proof | None) -> str:
    if proof is None:
        return "unproven"
    if not proof.helps:
        return "tried: no better"
    unit = " ms" if proof.method == "measured" else ""
    return f"{proof.method} {_figure(proof.before)} → {_figure(proof.after)}{unit}"


def _figure(number: float) -> str:
    if number >= 1_000_000:
        return f"{number / 1_000_000:,.1f}M"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2f}"
