"""What every report says of the whole audit: counts, the last line, and the ranked list of fixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbaudit.engine import Report, Skipped
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import StatementText
from dbaudit.finding import Finding, Fix, Severity
from dbaudit.report.text import clean
from dbaudit.units import age, count


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRow:
    """A row of the fixes table. Findings that the same statements mend share a row; the first is the worst of them."""

    number: int
    fix: Fix | None
    findings: tuple[Finding, ...]


def fix_rows(report: Report) -> tuple[FixRow, ...]:
    """The first fix of each finding, worst first, each fix once.

    A finding of a WARNING or worse that has no fix stands in the table too, unless something else mends its subject.
    """
    mended = {finding.subject for finding in report.findings if finding.fixes}
    groups: dict[object, list[Finding]] = {}
    for finding in report.findings:
        if finding.fixes:
            fix = finding.fixes[0]
            groups.setdefault(_same_index(fix), []).append(finding)
        elif finding.severity >= Severity.WARNING and finding.subject not in mended:
            groups.setdefault((finding.fingerprint,), []).append(finding)
    return tuple(
        FixRow(number=number, fix=next(iter(findings[0].fixes), None), findings=tuple(findings))
        for number, findings in enumerate(groups.values(), start=1)
    )


def _same_index(fix: Fix) -> object:
    return fix.statements or fix


def severity_counts(report: Report) -> dict[Severity, int]:
    """The number of findings of each severity, worst first, zeros included."""
    return {
        severity: sum(finding.severity is severity for finding in report.findings)
        for severity in sorted(Severity, reverse=True)
    }


def check_names(report: Report) -> dict[str, str]:
    """The name of each check that ran, by its code."""
    return {check.code: check.name for check in report.checks_run}


def subject_label(labels: Mapping[str, str], finding: Finding) -> str:
    """What a reader calls the subject: the object's name, or a statement's label, from `statement_labels`."""
    if finding.subject.kind == "statement":
        return clean(labels.get(finding.subject.name, finding.subject.name))
    return clean(finding.subject.name)


def statement_labels(report: Report) -> dict[str, str]:
    """What a reader calls each statement, by its identity."""
    statements = [row.statement for kind in (Explained, StatementText) for row in report.facts.get(kind)]
    return {statement.identity: statement.label for statement in statements}


def skips(report: Report) -> tuple[tuple[str, Skipped], ...]:
    """What could not be asked: the checks' codes and names, and one of them that has the reason they share."""
    groups: dict[tuple[str, str], list[Skipped]] = {}
    for skip in report.skipped:
        groups.setdefault((skip.reason, skip.remedy), []).append(skip)
    return tuple((_checks_named(group), group[0]) for group in groups.values())


def _checks_named(group: list[Skipped]) -> str:
    if len(group) == 1:
        return f"{group[0].code} {group[0].name}"
    codes = sorted({skip.code for skip in group})
    return f"{codes[0]} and {count(len(codes) - 1, 'more check')}"


def where(finding: Finding) -> str:
    """The place a reader goes to: file:line:column, or the object's name."""
    if finding.span:
        return clean(str(finding.span))
    column = f" ({finding.subject.column})" if finding.subject.column else ""
    return clean(finding.subject.name + column)


def last_line(report: Report) -> str:
    """Findings by severity, what was suppressed and skipped, the server and the age of its statistics."""
    found = [count(number, str(severity)) for severity, number in severity_counts(report).items() if number]
    nothing = "nothing found" if report.checks_run and not report.failure else "nothing found, and the audit not finished"
    parts = [", ".join(found) or nothing]
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed")
    skipped = {skip.code for skip in report.skipped}
    if skipped:
        parts.append(f"{count(len(skipped), 'check')} skipped in whole or in part, see above")
    if report.target:
        parts.append(f"PostgreSQL {report.target.version}")
        parts.append(_statistics_age(report.target.statistics_age_s))
    return " · ".join(parts)


def _statistics_age(age_s: float | None) -> str:
    return "statistics of unknown age" if age_s is None else f"statistics since {age(age_s * 1000)} at least"
