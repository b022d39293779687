"""A subquery is run again for each row of the query around it.

## What it does
Reports a SubPlan that was executed 1,000 times or more and took a good part of the statement's time, and says how it is
joined instead.

## Why it matters
A subquery in the SELECT list or in a condition that refers to the query around it is a nested loop with no other way
open: the planner can neither hash it nor merge it, however many rows there are.

## How it is found
In a statement that was run: a SubPlan with at least 1,000 loops, in all workers, that took at least 30 % of the time
with everything below it. A hashed SubPlan runs once and does not count; what LIMIT keeps small does not either.
Where a scan in the subquery discards most of what it reads, the index that it lacks is the cause, and the checks that
name it (PLN001, PLN002, PLN022) speak instead.

## Example
    SELECT c.id, (SELECT max(o.placed_at) FROM orders o WHERE o.customer_id = c.id) FROM customers c;

## Instead
    SELECT c.id, o.latest
    FROM customers c
    LEFT JOIN (SELECT customer_id, max(placed_at) AS latest FROM orders GROUP BY customer_id) o
        ON o.customer_id = c.id;

Of a NOT IN (SELECT …) that was too large to be hashed, make a NOT EXISTS: it is joined. Where both sides are NOT NULL
columns of tables that means the same, and is written out and planned on the same server. Several subqueries on the same
rows become one LEFT JOIN LATERAL, which runs once for all of them.

## When to ignore
When few rows are asked for in production, and each look-up takes an index: then it is as fast as any join.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import NOT_EXISTS, Rewrites, known_rewrites, with_rewrite
from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._named import is_told_below, named_scans
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._words import about, node_name, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import SUB_PLAN, PlanNode
from dbaudit.facts.plan_time import node_times, parents
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Finding, Fix, Part, Scalar, Severity
from dbaudit.units import count, milliseconds

_JOIN = Fix(
    title="join instead: LEFT JOIN a subquery grouped by the columns that are compared, or LEFT JOIN LATERAL",
    applicability="manual",
)


class Options(NamedTuple):
    """From how many executions, and from which share of the statement's time."""

    loops: int = 1_000
    time_ratio: float = 0.30


@check("PLN012", name="subplan-per-row", severity=Severity.WARNING, needs=(Explained, Table), options=Options)
def subplan_per_row(facts: Facts, options: Options) -> Verdicts:
    relations, rewrites = Relations.of(facts), known_rewrites(facts)
    for explained in facts[Explained]:
        plan = explained.plan
        times = node_times(plan) if plan else {}
        whole_ms = times[plan.root].inclusive_ms if plan and times else 0.0
        above = parents(plan) if plan and times else {}
        named = named_scans(explained, relations) if times else frozenset()
        for node in times:
            is_subplan = node.parent_relationship == SUB_PLAN and node in above
            if not is_subplan or (node.actual_loops or 0) < options.loops or not whole_ms:
                continue
            ratio = times[node].inclusive_ms / whole_ms
            if ratio >= options.time_ratio and not is_told_below(node, named):
                yield _finding(rewrites, explained, node, above[node], times[node].inclusive_ms, ratio)


def _finding(
    rewrites: Rewrites, explained: Explained, node: PlanNode, user: PlanNode, time_ms: float, ratio: float
) -> Finding:
    times_run = count(node.actual_loops or 0, "time")
    # What does not depend on the row is kept and read again: it was too large for a hash table.
    is_kept = node.node_type == "Materialize"
    again = "is read from its start again" if is_kept else "is run"
    message = f"{node.subplan_name} {again} for each row of {node_name(user)}, {times_run}, "
    message += f"which takes {milliseconds(time_ms)} and {percent(ratio)} of the statement's time"
    evidence: dict[str, Scalar] = {
        "node": node_name(node),
        "loops_count": round(node.actual_loops or 0),
        "time_ms": round(time_ms, 3),
        "time_ratio": round(ratio, 4),
    }
    not_exists = with_rewrite(NOT_EXISTS, rewrites, explained.statement, Sight.NOT_IN_SUBQUERY)
    return Finding(
        code="PLN012",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, node, part=Part.SUBQUERY),
        evidence=evidence,
        fixes=(not_exists if is_kept else _JOIN,),
        discriminator=node.subplan_name,
    )
