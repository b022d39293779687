"""Joins that throw away most pairs of rows by a filter of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.plan._misestimate import JOINS
from dbaudit.checks.plan._named import named_scans
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.condition import Form, Reference, conditions
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times, total_rows
from dbaudit.facts.statement import Explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A join and its Join Filter. `is_either` is an OR over columns of two relations. The time is the join's own."""

    node: PlanNode
    removed_rows: float
    kept_rows: float
    columns: tuple[Reference, ...]
    is_either: bool
    time_ms: float
    time_ratio: float


def join_filters(
    explained: Explained,
    relations: Relations,
    *,
    removed_rows: float = 10_000,
    kept_ratio: float = 0.10,
    time_ratio: float = 0.10,
) -> Iterator[Join]:
    """The joins of a timed plan that remove so many pairs, keep no larger a share, and take so much of the time.

    Not those over a scan that another check names for the same rows.
    """
    times = node_times(explained.plan) if explained.plan else {}
    if not times:
        return
    whole_ms = times[explained.plan.root].inclusive_ms
    named = named_scans(explained, relations)
    for node in times:
        removed = (node.rows_removed_by_join_filter or 0.0) * (node.actual_loops or 0.0)
        kept = total_rows(node)
        if node.node_type not in JOINS or removed < removed_rows or kept > kept_ratio * (removed + kept):
            continue
        sides = [child.children[0] if _keeps(child) else child for child in node.children]
        kept_ms = sum(times[child].exclusive_ms for child in node.children if _keeps(child))
        own_ms = times[node].exclusive_ms + kept_ms
        if any(side in named for side in sides) or not whole_ms or own_ms < time_ratio * whole_ms:
            continue
        found = conditions(node.join_filter)
        yield Join(
            node=node,
            removed_rows=removed,
            kept_rows=kept,
            columns=tuple(column for condition in found for column in condition.columns),
            is_either=any(
                condition.form is Form.EITHER and len({column.alias for column in condition.columns}) > 1
                for condition in found
            ),
            time_ms=own_ms,
            time_ratio=min(1.0, own_ms / whole_ms),
        )


def _keeps(node: PlanNode) -> bool:
    return node.node_type in ("Materialize", "Memoize") and bool(node.children)
