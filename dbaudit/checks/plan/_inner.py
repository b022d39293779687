"""A scan that a nested loop reads to its end for each outer row, to compare every pair of rows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbaudit.facts.condition import Condition, Form, conditions, seen_from
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import NodeTime, total_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerSide:
    """How many rows the nested loop was given and how many pairs it kept, by what, and the time of all of it."""

    read_rows: float
    kept_rows: float
    conditions: tuple[Condition, ...]
    time_ms: float | None


def inner_side(
    scan: PlanNode, above: Mapping[PlanNode, PlanNode], times: Mapping[PlanNode, NodeTime]
) -> InnerSide | None:
    """What a nested loop made of this scan, in a plan that was run; None where the scan is no such inner side.

    A filter that no index on the scan's table would serve, such as an OR over both, is the join's own fault.
    """
    child, join = scan, above.get(scan)
    nodes = [scan]
    while join is not None and join.node_type == "Materialize":
        nodes.append(join)
        child, join = join, above.get(join)
    if join is None or join.node_type != "Nested Loop" or not join.join_filter or child.parent_relationship != "Inner":
        return None
    if not join.was_executed or join.join_type not in ("Inner", "Left"):
        return None
    compared = tuple(seen_from(condition, scan.alias) for condition in conditions(join.join_filter))
    if all(condition.form in (Form.EITHER, Form.OTHER) for condition in compared):
        return None
    return InnerSide(
        read_rows=total_rows(child),
        kept_rows=total_rows(join),
        conditions=compared,
        time_ms=sum(times[node].exclusive_ms for node in (*nodes, join)) if times else None,
    )
