"""Nested loops whose outer side returned more rows than they were planned for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.plan._joins import join_filters
from dbaudit.checks.plan._memory import setting
from dbaudit.checks.plan._named import is_told_below, named_scans
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import node_times
from dbaudit.facts.statement import Explained

_BLOCK_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescans:
    """A nested loop's sides, the inner table, and the lowest node of the outer side whose estimate was too low."""

    outer: PlanNode
    inner: PlanNode
    table: Table
    misjudged: PlanNode
    loops: float
    time_ms: float
    time_ratio: float


def rescans(
    explained: Explained, relations: Relations, *, loops: float, time_ratio: float, factor: float
) -> Rescans | None:
    """The one that took most of the time, where no other check names the cause of it."""
    plan = explained.plan
    if plan is None or not plan.was_run:
        return None
    worst = max(_found(plan, relations, loops, time_ratio, factor), key=lambda each: each.time_ms, default=None)
    if worst is None:
        return None
    if is_told_below(worst.inner, named_scans(explained, relations)):
        return None
    is_compared = any(worst.inner in join.node.children for join in join_filters(explained, relations))
    return None if is_compared else worst


def _found(plan: Plan, relations: Relations, loops: float, time_ratio: float, factor: float) -> Iterator[Rescans]:
    times = node_times(plan)
    whole_ms = times[plan.root].inclusive_ms if times else 0.0
    for node in times:
        sides = {child.parent_relationship: child for child in node.children}
        outer, inner = sides.get("Outer"), sides.get("Inner")
        if node.node_type != "Nested Loop" or outer is None or inner is None or not whole_ms:
            continue
        run, ratio = inner.actual_loops or 0.0, times[inner].inclusive_ms / whole_ms
        if run < loops or ratio < time_ratio or (outer.actual_rows or 0.0) < factor * max(outer.plan_rows, 1.0):
            continue
        tables = [table for each in inner.walk() if (table := relations.table(each))]
        if len(tables) == 1 and inner.total_cost * run > _cost_of_one_scan(tables[0], plan):
            yield Rescans(
                outer=outer,
                inner=inner,
                table=tables[0],
                misjudged=_misjudged(outer, factor),
                loops=run,
                time_ms=times[inner].inclusive_ms,
                time_ratio=ratio,
            )


def _misjudged(outer: PlanNode, factor: float) -> PlanNode:
    """The lowest node on the way down the outer side that returned too many rows."""
    found = node = outer
    while node.children:
        node = max(node.children, key=lambda child: (child.actual_rows or 0.0) / max(child.plan_rows, 1.0))
        if (node.actual_rows or 0.0) < factor * max(node.plan_rows, 1.0):
            break
        found = node if node.relation else found
    return found


def _cost_of_one_scan(table: Table, plan: Plan) -> float:
    """What the planner charges for a Seq Scan of the table and for hashing each row (cost_seqscan, costsize.c)."""
    row_cost = setting(plan, "cpu_tuple_cost", 0.01) + 2 * setting(plan, "cpu_operator_cost", 0.0025)
    pages = table.size_bytes / _BLOCK_BYTES
    return pages * setting(plan, "seq_page_cost", 1.0) + (table.estimated_rows or 0.0) * row_cost
