"""One line a finding, for grep and for editors."""

from __future__ import annotations

from collections.abc import Mapping

from dbaudit.engine import Report
from dbaudit.finding import Finding
from dbaudit.report import budget
from dbaudit.report.summary import check_names, last_line, skips, where
from dbaudit.report.text import clean


def render(report: Report) -> str:
    """The report as lines `where: severity CODE name: message`, then the budget, what was skipped, and the summary."""
    names = check_names(report)
    lines = [
        f"{where(finding)}: {finding.severity} {finding.code} {names[finding.code]}: {_told(finding, names)}"
        for finding in report.findings
    ]
    lines += [f"budget: {line}" for line in budget.sentences(report.facts)]
    lines += [f"skipped {checks}: {clean(skip.reason)}" for checks, skip in skips(report)]
    lines += [f"note: {clean(note)}" for note in report.notes]
    if report.failure:
        lines.append(f"not finished: {clean(report.failure)}")
    lines.append(last_line(report))
    return "\n".join(lines) + "\n"


def _told(finding: Finding, names: Mapping[str, str]) -> str:
    """The finding, and what follows from it."""
    following = [f"{each.code} {names[each.code]}: {each.message}" for each in finding.chain]
    return clean(" → ".join([finding.message, *following]))
