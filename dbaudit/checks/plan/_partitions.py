"""Appends that read every partition of a table although a filter is on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbaudit.checks.plan._keys import is_relabel
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.catalog import Table
from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form, conditions
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import NodeTime, node_times, total_rows
from dbaudit.facts.statement import Explained

_APPENDS = ("Append", "Merge Append")
_WRAPPED = (Form.CAST, Form.FUNCTION, Form.EXPRESSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpruned:
    """An Append over all partitions of `whole`.

    `condition` is the one on `column` of the partition key that is written so that it prunes nothing; None where no
    condition is on the key. `with_rows` of the partitions returned any; None where the statement was not run.
    """

    whole: Table
    scans: tuple[PlanNode, ...]
    condition: Condition | None
    column: Column | None
    with_rows: int | None
    time_ms: float | None
    time_ratio: float | None


def unpruned(plan: Plan, relations: Relations, *, partitions: int = 3, rows: float = 10_000) -> Iterator[Unpruned]:
    """Those over so many partitions, and a table of so many rows, of which at most half returned any."""
    appends = [node for node in plan.nodes() if node.node_type in _APPENDS]
    if not appends:
        return
    times = node_times(plan)
    for append in appends:
        scans = tuple(child for child in append.children if relations.table(child) and not child.never_executed)
        wholes = {relations.whole(relations.tables[scan.schema, scan.relation]) for scan in scans}
        if len(wholes) != 1 or len(scans) < partitions:
            continue
        whole = wholes.pop()
        is_small = whole.estimated_rows is not None and whole.estimated_rows < rows
        is_pruned = len({scan.relation for scan in scans}) < relations.leaf_counts[whole.oid]
        if not whole.partition_columns or is_small or is_pruned:
            continue
        with_rows = sum(total_rows(scan) > 0 for scan in scans) if plan.was_run else None
        if with_rows is not None and with_rows * 2 > len(scans):
            continue
        yield from _judged(whole, scans, with_rows, relations, times, plan)


def unprunable(explained: Explained, relations: Relations) -> frozenset[Table]:
    """The partitioned tables of which a condition on the key, as it is written, has every partition read."""
    plan = explained.plan
    return frozenset(found.whole for found in unpruned(plan, relations) if found.condition) if plan else frozenset()


def _judged(
    whole: Table,
    scans: tuple[PlanNode, ...],
    with_rows: int | None,
    relations: Relations,
    times: Mapping[PlanNode, NodeTime],
    plan: Plan,
) -> Iterator[Unpruned]:
    scan = scans[0]
    table = relations.tables[scan.schema, scan.relation]
    found = [*conditions(scan.filter), *conditions(scan.index_cond or scan.recheck_cond)]
    own = ("", scan.alias)
    on_key = [
        (condition, relations.column(table, each.column))
        for condition in found
        for each in condition.columns
        if each.alias in own and each.column in whole.partition_columns
    ]
    wrapped = next(((condition, column) for condition, column in on_key if _is_wrapped(condition, column)), None)
    may_prune = any(not _is_wrapped(condition, column) for condition, column in on_key)
    if not found or may_prune:
        return
    time_ms = sum(times[each].inclusive_ms for each in scans) if times else None
    whole_ms = times[plan.root].inclusive_ms if times else 0.0
    yield Unpruned(
        whole=whole,
        scans=scans,
        condition=wrapped[0] if wrapped else None,
        column=wrapped[1] if wrapped else None,
        with_rows=with_rows,
        time_ms=time_ms,
        time_ratio=min(1.0, time_ms / whole_ms) if time_ms is not None and whole_ms else None,
    )


def _is_wrapped(condition: Condition, column: Column | None) -> bool:
    """Whether the condition compares something made of the column with a constant, which prunes nothing."""
    if column is None or condition.form not in _WRAPPED or condition.value_columns:
        return False
    return not is_relabel(condition, column)
