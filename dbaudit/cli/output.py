"""From a report to stdout or a file, and to the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping

from dbaudit.checks.registry import Check, all_checks, choose
from dbaudit.cli.choices import Color, Format, Output
from dbaudit.cli.files import write_whole
from dbaudit.engine import Report
from dbaudit.errors import AuditError
from dbaudit.exits import Exit, of_report
from dbaudit.finding import Severity

# A pipe has no width. This one is what a log viewer shows without scrolling.
_WIDTH_OF_A_PIPE = 120


def chosen(output: Output, *families: str, without: Collection[type] = ()) -> tuple[Check, ...]:
    """The checks of these families that --select and --ignore leave, without those that need facts nobody asked for.

    Raises AuditError for a term that means no check, or where nothing is left to ask.
    """
    checks = choose(all_checks(*families), select=_terms(output.select), ignore=_terms(output.ignore))
    checks = tuple(check for check in checks if not any(kind in without for kind in check.needs))
    if not checks:
        raise AuditError("--select and --ignore leave no check for this command", "`dbaudit checks` lists them all")
    return checks


def _terms(values: Iterable[str]) -> list[str]:
    return [term.strip() for value in values for term in value.split(",")]


def finish(report: Report, output: Output) -> None:
    """Writes the report and leaves with its exit code."""
    code = exit_code(report, output)
    write(report, output, code)
    sys.exit(code)


def write(report: Report, output: Output, code: Exit) -> None:
    """Writes the report to stdout, or to a file: whole or not at all. Raises AuditError where it cannot."""
    text = rendered(report, output, code)
    if output.output:
        write_whole(output.output, text)
    else:
        sys.stdout.writelines(text)
        sys.stdout.flush()


def exit_code(report: Report, output: Output) -> Exit:
    """The exit code of this report under these options."""
    return of_report(report, fail_on=Severity[output.fail_on.name], exit_zero=output.exit_zero)


def rendered(report: Report, output: Output, code: Exit) -> Iterable[str]:
    """The report in the chosen form, in one piece or in many."""
    if output.format is Format.JSON:
        from dbaudit.report import json

        return json.pieces(report, exit_code=code)
    if output.format is Format.CONCISE:
        from dbaudit.report import concise

        return [concise.render(report)]
    if output.format is Format.OPENMETRICS:
        from dbaudit.report import openmetrics

        return [openmetrics.render(report, exit_code=code)]
    from dbaudit.report import full

    return [full.render(report, width=_width(output), color=_wants_color(output), verbose=output.verbose)]


def _width(output: Output) -> int:
    if output.output or (not sys.stdout.isatty() and "COLUMNS" not in os.environ):
        return _WIDTH_OF_A_PIPE
    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def _wants_color(output: Output) -> bool:
    return not output.output and wants_color(output.color, os.environ, is_terminal=sys.stdout.isatty())


def wants_color(choice: Color, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """--color, then NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and PG_COLOR, then TERM=dumb, then the terminal itself."""
    if choice is not Color.AUTO:
        return choice is Color.ALWAYS
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if environment.get("PG_COLOR") in ("always", "never"):
        return environment["PG_COLOR"] == "always"
    return is_terminal and environment.get("TERM") != "dumb"
