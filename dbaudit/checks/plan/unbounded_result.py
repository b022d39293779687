"""A statement sends tens of thousands of rows to its client, and nothing limits how many.

## What it does
Reports a statement that returns 10,000 rows or more and has no LIMIT, with about how many bytes that is.

## Why it matters
The client's driver usually keeps the whole result in memory before the application sees the first row, and few people
look at ten thousand rows. The table grows, and so does the answer: what is 1 MB today takes the process down in a year.

## How it is found
From the rows of the topmost node of the plan, and their width as the planner estimates it; in a statement that was only
planned, from the rows that the planner expects, with less confidence. A LIMIT, however large, is taken for a decision.

## Example
    SELECT id, placed_at, total_cents FROM orders WHERE customer_id IS NOT NULL;

## Instead
Ask for a page, and go on from its last row; or aggregate on the server; or, to export, use COPY or a cursor:

    SELECT id, placed_at, total_cents FROM orders WHERE id > $1 ORDER BY id LIMIT 1000;
    COPY (SELECT id, placed_at, total_cents FROM orders) TO STDOUT;

## When to ignore
When it is an export or fills a cache. Suppress it by the statement's name.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import total_rows
from dbaudit.facts.statement import Explained, How
from dbaudit.finding import Confidence, Finding, Fix, Scalar, Severity
from dbaudit.units import size

_FIX = Fix(title="ask for a page with LIMIT, or export by COPY or a cursor", applicability="manual")
# These pass on the rows of the node below one by one.
_PASSING = ("LockRows", "Subquery Scan", "Result", "ProjectSet", "Gather", "Gather Merge")


class Options(NamedTuple):
    """From how many rows on."""

    rows: int = 10_000


@check("PLN021", name="unbounded-result", severity=Severity.WARNING, needs=(Explained,), options=Options)
def unbounded_result(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        plan = explained.plan
        if plan is None or _is_bounded(plan):
            continue
        is_measured = plan.was_run and explained.how is How.ANALYZED
        returned = total_rows(plan.root) if is_measured else float(plan.root.plan_rows)
        if returned < options.rows:
            continue
        width = plan.root.plan_width if plan.has_estimates else 0
        volume = f", about {size(returned * width)}," if width else ""
        verb = "returns" if is_measured else "is expected to return"
        evidence: dict[str, Scalar] = {"rows_count": round(returned)}
        if width:
            evidence |= {"row_bytes": width, "result_bytes": round(returned * width)}
        yield Finding(
            code="PLN021",
            subject=about(explained.statement),
            message=f"{verb} {rows(returned)}{volume} and has no LIMIT",
            severity=Severity.WARNING,
            span=explained.statement.span,
            in_plan=at(explained, plan.root),
            evidence=evidence,
            fixes=(_FIX,),
            confidence=Confidence.HIGH if is_measured else Confidence.MEDIUM,
        )


def _is_bounded(plan: Plan) -> bool:
    """Whether a LIMIT stands at the top, or no rows go to the client at all."""
    node: PlanNode | None = plan.root
    while node is not None and node.node_type in _PASSING:
        node = next((child for child in node.children if child.parent_relationship in ("Outer", "Subquery")), None)
    return node is not None and node.node_type in ("Limit", "ModifyTable")
