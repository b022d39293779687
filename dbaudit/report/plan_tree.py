"""A plan as an indented tree: one line a node, with its own time, its rows and what it reads."""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import NodeTime, node_times, total_rows
from dbaudit.report.text import clean
from dbaudit.units import count, milliseconds

# Deeper nodes are no longer indented, or there would be no room for them.
_DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One node: its figure, how far it is indented, and what it is and did."""

    figure: str
    indent: int
    text: str


def lines(plan: Plan) -> list[PlanLine]:
    """The nodes, parents first. Of a plan that was run: the share of the time that is the node's own, and its rows
    beside those the planner expected; of one that was not: cost and expected rows."""
    times = node_times(plan)
    whole_ms = times[plan.root].inclusive_ms if times else 0.0
    depths = {plan.root: 0}
    result = []
    for node in plan.nodes():
        depths.update(dict.fromkeys(node.children, depths[node] + 1))
        figure = _figure(node, times.get(node), whole_ms)
        indent = 2 * min(depths[node], _DEEPEST)
        result.append(PlanLine(figure=figure, indent=indent, text=clean(_label(node)) + _rows(node)))
    return result


def _figure(node: PlanNode, time: NodeTime | None, whole_ms: float) -> str:
    if time is None:
        return f"cost {node.total_cost:,.0f}"
    share = time.exclusive_ms / whole_ms if whole_ms else 0.0
    return f"{milliseconds(time.exclusive_ms)} {share:>4.0%}"


def _label(node: PlanNode) -> str:
    subplan = f"{node.subplan_name}: " if node.subplan_name else ""
    index = f" using {node.index_name}" if node.index_name else ""
    relation = f" on {node.relation}" if node.relation else ""
    alias = f" {node.alias}" if node.alias and node.alias != node.relation else ""
    condition = node.index_cond or node.hash_cond or node.merge_cond or node.recheck_cond
    return f"{subplan}{node.node_type}{index}{relation}{alias}{f' {condition}' if condition else ''}{_filter(node)}"


def _filter(node: PlanNode) -> str:
    return f" filter {node.filter or node.join_filter}" if node.filter or node.join_filter else ""


def _rows(node: PlanNode) -> str:
    if node.never_executed:
        return ", never executed"
    if node.actual_loops is None:
        return f", {count(node.plan_rows, 'row')} expected"
    loops = f" in {node.actual_loops:,.0f} loops" if node.actual_loops > 1 else ""
    return f", {count(total_rows(node), 'row')}{loops} ({node.plan_rows * node.actual_loops:,.0f} expected)"
