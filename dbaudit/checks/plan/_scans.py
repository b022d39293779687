"""Scans and how many rows they read and return: measured where the statement was run, else as the planner expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dbaudit.checks.plan._expected import part_expected, rows_expected
from dbaudit.checks.plan._inner import InnerSide, inner_side
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.catalog import Table
from dbaudit.facts.condition import Condition, conditions
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import NodeTime, is_gather, node_times, parents, rows_removed, total_rows
from dbaudit.facts.statement import Explained, How


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan of a table, or those of a partitioned table's partitions taken together.

    `table` is what `node` reads, `whole` the partitioned table that it is part of, or itself. `read_rows` is None where
    nobody knows how many rows the table has. `time_ms` is its own time, with that of starting its workers, and
    `time_ratio` the share of that in the statement's; None where it was not timed.
    """

    node: PlanNode
    table: Table
    whole: Table
    is_measured: bool
    read_rows: float | None
    kept_rows: float
    loops: float
    time_ms: float | None
    time_ratio: float | None
    conditions: tuple[Condition, ...]

    @property
    def kept_ratio(self) -> float:
        return self.kept_rows / self.read_rows if self.read_rows else 1.0

    @property
    def identity(self) -> str:
        """What tells the scan apart from others of the statement, whatever partitions there are."""
        return self.whole.qualified if self.table != self.whole else f"{self.table.qualified} {self.node.alias}"


def scans(explained: Explained, relations: Relations, node_types: tuple[str, ...]) -> tuple[Scan, ...]:
    """The scans of these types whose rows a filter or a nested loop throws away; none that was never executed."""
    plan = explained.plan
    if plan is None or explained.how not in (How.ANALYZED, How.PLANNED, How.TIMED_OUT):
        return ()
    times, above = node_times(plan), parents(plan)
    whole_ms = times[plan.root].inclusive_ms if times else 0.0
    found: dict[tuple[str, str], Scan] = {}
    for node in plan.nodes():
        table = relations.table(node) if node.node_type in node_types else None
        if table is None or node.never_executed:
            continue
        inner = inner_side(node, above, times) if node.node_type == "Seq Scan" else None
        if not node.filter and inner is None:
            continue
        scan = _scan(node, table, relations.whole(table), above, _own_ms(node, above, times), whole_ms)
        if inner:
            scan = _as_inner(scan, inner, whole_ms)
        known = found.get((scan.identity, node.node_type))
        found[scan.identity, node.node_type] = _together(known, scan) if known else scan
    return tuple(found.values())


def _scan(
    node: PlanNode,
    table: Table,
    whole: Table,
    above: Mapping[PlanNode, PlanNode],
    time_ms: float | None,
    whole_ms: float,
) -> Scan:
    kept, read = total_rows(node), total_rows(node) + rows_removed(node)
    if node.actual_rows is None:
        kept, known = rows_expected(node, above), table.estimated_rows
        read = None if known is None else known * part_expected(node, above)
    return Scan(
        node=node,
        table=table,
        whole=whole,
        is_measured=node.actual_rows is not None,
        read_rows=read,
        kept_rows=kept,
        loops=node.actual_loops or 1.0,
        time_ms=time_ms,
        time_ratio=time_ms / whole_ms if time_ms is not None and whole_ms else None,
        conditions=conditions(node.filter),
    )


def _as_inner(scan: Scan, inner: InnerSide, whole_ms: float) -> Scan:
    return replace(
        scan,
        read_rows=inner.read_rows,
        kept_rows=inner.kept_rows,
        conditions=scan.conditions + inner.conditions,
        time_ms=inner.time_ms,
        time_ratio=inner.time_ms / whole_ms if inner.time_ms is not None and whole_ms else None,
    )


def _own_ms(node: PlanNode, above: Mapping[PlanNode, PlanNode], times: Mapping[PlanNode, NodeTime]) -> float | None:
    """The node's own time, and that of the Gather right above it: its workers were started for this scan."""
    if node not in times:
        return None
    gather = above.get(node)
    return times[node].exclusive_ms + (times[gather].exclusive_ms if gather and is_gather(gather) else 0.0)


def _together(one: Scan, other: Scan) -> Scan:
    return replace(
        one,
        read_rows=_sum(one.read_rows, other.read_rows),
        kept_rows=one.kept_rows + other.kept_rows,
        time_ms=_sum(one.time_ms, other.time_ms),
        time_ratio=_sum(one.time_ratio, other.time_ratio),
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
