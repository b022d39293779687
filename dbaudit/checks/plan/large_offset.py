"""A statement produces thousands of rows only to skip them with OFFSET.

## What it does
Reports an OFFSET that throws away 1,000 rows or more, and shows how the page is asked for by its key instead.

## Why it matters
OFFSET does not jump: the server finds, sorts and discards every row before the page, so that page 3,000 costs 3,000
times what page 1 does. Rows that are inserted meanwhile shift the pages, and a reader sees a row twice or never.

## How it is found
In the plan: the node below Limit returned so many rows more than Limit did. In a statement that was only planned, from
the share of the cost that the planner charges to the rows before the first.
Where the statement reads one table in an order by columns that are NOT NULL, and a key is among them or the primary key
can be put behind them, the next page is written out, and planned on the same server.

## Example
    SELECT id, placed_at FROM orders ORDER BY placed_at DESC, id DESC LIMIT 50 OFFSET 150000;

## Instead
Remember the last row of the page before, and go on from there; an index on (placed_at, id) finds it at once:

    SELECT id, placed_at FROM orders WHERE (placed_at, id) < ($1, $2) ORDER BY placed_at DESC, id DESC LIMIT 50;

## When to ignore
When the offset is fixed and never grows, or a person really must jump to page 3,000.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import known_rewrites, with_rewrite
from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times, total_rows
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Confidence, Finding, Fix, Part, Scalar, Severity
from dbaudit.units import milliseconds

_FIX = Fix(
    title="ask for what follows the last row of the page before: WHERE (sort columns) > (its values)",
    applicability="manual",
)


class Options(NamedTuple):
    """From how many skipped rows on."""

    skipped_rows: int = 1_000


@check("PLN008", name="large-offset", severity=Severity.WARNING, needs=(Explained,), options=Options)
def large_offset(facts: Facts, options: Options) -> Verdicts:
    rewrites = known_rewrites(facts)
    for explained in facts[Explained]:
        if explained.plan is None:
            continue
        times = node_times(explained.plan)
        worst = max((node for node in explained.plan.nodes() if node.node_type == "Limit"), key=_skipped, default=None)
        if worst is None or (skipped := _skipped(worst)) < options.skipped_rows:
            continue
        is_measured = worst.actual_rows is not None
        verbs = ("produced", "skipped") if is_measured else ("is expected to produce", "skip")
        message = f"{verbs[0]} {rows(skipped)} and {verbs[1]} them by OFFSET, to return {rows(_returned(worst))}"
        evidence: dict[str, Scalar] = {"skipped_rows_count": round(skipped)}
        if worst in times:
            spent = times[worst].inclusive_ms
            message += f", in {milliseconds(spent)}"
            evidence["time_ms"] = round(spent, 3)
        else:
            evidence["cost"] = worst.total_cost
        yield Finding(
            code="PLN008",
            subject=about(explained.statement),
            message=message,
            severity=Severity.WARNING,
            span=explained.statement.span,
            in_plan=at(explained, worst, part=Part.OFFSET),
            evidence=evidence,
            fixes=(with_rewrite(_FIX, rewrites, explained.statement, Sight.OFFSET),),
            confidence=Confidence.HIGH if is_measured else Confidence.MEDIUM,
        )


def _returned(limit: PlanNode) -> float:
    return limit.plan_rows if limit.actual_rows is None else total_rows(limit)


def _skipped(limit: PlanNode) -> float:
    """Rows that the node below returned beyond those that Limit passed on.

    The planner adds to Limit's startup cost what the skipped rows' share of its child's run cost is
    (adjust_limit_rows_costs in pathnode.c): by that the estimate is turned back into rows.
    """
    child = limit.children[-1]
    if limit.actual_rows is not None:
        return total_rows(child) - total_rows(limit)
    run_cost = child.total_cost - child.startup_cost
    return (limit.startup_cost - child.startup_cost) / run_cost * child.plan_rows if run_cost > 0 else 0.0
