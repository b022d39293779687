"""What became of each statement of `explain`, for a person and for a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbaudit.engine import Report
from dbaudit.facts.statement import Alternative, Explained, How, Statement, Variant
from dbaudit.finding import Finding, Severity
from dbaudit.report import plan_change, runs
from dbaudit.report.spans import span_json
from dbaudit.report.text import clean
from dbaudit.units import count, milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A line of the list of statements: its label, how far it got, and what was found about it."""

    label: str
    outcome: str
    codes: str
    worst: Severity | None


def rows(report: Report) -> tuple[StatementRow, ...]:
    """One row a statement, in the order of the files."""
    by_statement: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.subject.kind == "statement":
            by_statement.setdefault(finding.subject.name, []).append(finding)
    return tuple(
        _row(explained, by_statement.get(explained.statement.identity, [])) for explained in report.facts.get(Explained)
    )


def as_json(report: Report) -> Iterator[dict[str, Any]]:
    """What is in the `statements` key of the JSON report; `plan` is EXPLAIN's own object, untouched but for the
    values of parameters."""
    return map(_json, report.facts.get(Explained))


def _row(explained: Explained, findings: list[Finding]) -> StatementRow:
    return StatementRow(
        label=clean(explained.statement.label),
        outcome=clean(" · ".join(filter(None, (_outcome(explained), plan_change.sentence(explained))))),
        codes=" ".join(dict.fromkeys(finding.code for finding in findings)),
        worst=max((finding.severity for finding in findings), default=None),
    )


def _outcome(explained: Explained) -> str:
    if explained.how is How.ANALYZED and explained.plan:
        root = explained.plan.root
        figures = f"{milliseconds(explained.plan.execution_ms or 0)}, {count(root.actual_rows or 0, 'row')}"
        return " · ".join(filter(None, (figures, runs.in_short(explained.runs), explained.reason)))
    if explained.how is How.REJECTED and explained.refusal:
        return f"rejected: {explained.refusal.message}"
    if explained.how is How.TIMED_OUT:
        return f"timed out after {milliseconds(explained.limit_ms or 0)}"
    if explained.how is How.NOT_RUN:
        return f"not run: {explained.reason}"
    return explained.reason or str(explained.how)


def _json(explained: Explained) -> dict[str, Any]:
    statement: Statement = explained.statement
    plan = explained.plan
    return {
        "name": statement.label,
        "span": span_json(statement.span),
        "how": str(explained.how),
        "reason": explained.reason,
        "planning_ms": plan.planning_ms if plan else None,
        "execution_ms": plan.execution_ms if plan else None,
        "settings": dict(plan.settings) if plan else {},
        "runs": runs.as_json(explained.runs),
        "plan": plan.raw if plan else None,
        "parameters": list(statement.parameters),
        "variants": [_variant(variant) for variant in explained.variants],
        "alternatives": [_alternative(each) for each in explained.alternatives],
    }


def _alternative(alternative: Alternative) -> dict[str, Any]:
    return {"setting": alternative.setting, "plan": alternative.plan.raw}


def _variant(variant: Variant) -> dict[str, Any]:
    plan = variant.plan
    return {
        "name": variant.name,
        "values": None if variant.values is None else dict(variant.values),
        "how": str(variant.how),
        "reason": variant.reason,
        "planning_ms": plan.planning_ms if plan else None,
        "execution_ms": plan.execution_ms if plan else None,
        "runs": runs.as_json(variant.runs),
        "plan": plan.raw if plan else None,
    }
