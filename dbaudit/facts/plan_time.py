"""Where the time of an analyzed plan went, and how many rows its nodes really handled: pure functions of a Plan.

EXPLAIN prints averages per loop. A node below a Gather runs in several processes at once, each of which counts loops
of its own, so that `time × loops` there is processor time; divided by the number of processes it is the time that
passed. The processes that took part are known from the plan: each executes the Gather's child once.

InitPlans and CTEs are listed below the node at the top of their query, yet run when another node first asks for them.
Their time is inside that other node's, so that is where it is taken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbaudit.facts.plan import INIT_PLAN, SUB_PLAN, Plan, PlanNode

_PARAMETER = re.compile(r"\$\d+|InitPlan \w+")
_CTE = "CTE "
_ROUNDING = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTime:
    """Milliseconds that passed in a node: with everything that ran on its behalf, and in itself alone."""

    inclusive_ms: float
    exclusive_ms: float


def total_rows(node: PlanNode) -> float:
    """Rows that the node returned in all its loops and processes; 0 where it was not run."""
    return (node.actual_rows or 0.0) * (node.actual_loops or 0.0)


def rows_removed(node: PlanNode) -> float:
    """Rows that the node read and threw away for its filter or recheck, in all its loops and processes."""
    return ((node.rows_removed_by_filter or 0.0) + (node.rows_removed_by_recheck or 0.0)) * (node.actual_loops or 0.0)


def rows_read(node: PlanNode) -> float:
    """Rows that a scan read in all its loops and processes, those that it threw away included."""
    return total_rows(node) + rows_removed(node)


def parents(plan: Plan) -> Mapping[PlanNode, PlanNode]:
    """The node above each node but the root."""
    return {child: node for node in plan.nodes() for child in node.children}


def is_gather(node: PlanNode) -> bool:
    """Whether the node collects the rows of parallel workers."""
    return node.node_type in ("Gather", "Gather Merge")


def processes(plan: Plan) -> Mapping[PlanNode, float]:
    """In how many processes each node ran at once: the workers and, where it took part, the leader."""
    counts: dict[PlanNode, float] = {plan.root: 1.0}
    for node in plan.nodes():
        for child in node.children:
            loops = child.actual_loops or 0.0
            if child.parent_relationship == INIT_PLAN:
                counts[child] = max(1.0, min(counts[node], loops))
            elif is_gather(node) and child.parent_relationship != SUB_PLAN:
                counts[child] = max(1.0, loops / node.actual_loops) if node.actual_loops else 1.0
            else:
                counts[child] = counts[node]
    return counts


def node_times(plan: Plan) -> Mapping[PlanNode, NodeTime]:
    """The time of each node; empty where the plan was not run or not timed.

    The exclusive times add up to the root's inclusive time. EXPLAIN rounds the time of a loop to microseconds: where
    the children's times come to more than their parent's, they are scaled down to it.
    """
    if plan.root.actual_total_ms is None:
        return {}
    count = processes(plan)
    elapsed = {node: (node.actual_total_ms or 0.0) * (node.actual_loops or 0.0) / count[node] for node in plan.nodes()}
    times = _shared_out(plan.root, elapsed, _payers(plan, elapsed))
    # A text that is no server's may have an InitPlan that reads itself, which nobody then pays for.
    return times if len(times) == len(elapsed) else _shared_out(plan.root, elapsed, parents(plan))


def _shared_out(
    root: PlanNode, elapsed: Mapping[PlanNode, float], payers: Mapping[PlanNode, PlanNode]
) -> Mapping[PlanNode, NodeTime]:
    """What is left to each node when those that it pays for have theirs, from the root down."""
    charged: dict[PlanNode, list[PlanNode]] = {}
    for node, payer in payers.items():
        charged.setdefault(payer, []).append(node)
    times: dict[PlanNode, NodeTime] = {}
    stack = [(root, elapsed[root])]
    while stack:
        node, inclusive = stack.pop()
        children = charged.get(node, ())
        wanted = sum(elapsed[child] for child in children)
        share = inclusive / wanted if wanted > inclusive else 1.0
        times[node] = NodeTime(inclusive_ms=inclusive, exclusive_ms=max(0.0, inclusive - wanted * share))
        stack.extend((child, elapsed[child] * share) for child in children)
    return times


def _payers(plan: Plan, elapsed: Mapping[PlanNode, float]) -> Mapping[PlanNode, PlanNode]:
    """For each node but the root, the node in whose time its own is contained."""
    above = parents(plan)
    payers = dict(above)
    for init_plan, readers in _readers(plan, above).items():
        listed_at = above[init_plan]
        waiting = [_where_it_waited(reader, listed_at, above) for reader in readers]
        enough = (node for node in waiting if elapsed[node] >= elapsed[init_plan] * _ROUNDING)
        payers[init_plan] = next(enough, max(waiting, key=elapsed.__getitem__, default=listed_at))
    return payers


def _readers(plan: Plan, above: Mapping[PlanNode, PlanNode]) -> Mapping[PlanNode, list[PlanNode]]:
    """The nodes that read each InitPlan or CTE, in the order in which the executor comes to them."""
    readers: dict[PlanNode, list[PlanNode]] = {}
    by_parameter: dict[str, PlanNode] = {}
    for node in plan.nodes():
        if node.parent_relationship == INIT_PLAN and node in above:
            readers[node] = []
            if not node.subplan_name.startswith(_CTE):
                by_parameter.update(dict.fromkeys(_PARAMETER.findall(node.subplan_name), node))
    if not readers:
        return {}
    for node in _in_execution_order(plan.root):
        read = {by_parameter[name]: None for name in _parameters(node) if name in by_parameter}
        if node.node_type == "CTE Scan" and (cte := _cte_of(node, above)):
            read[cte] = None
        for init_plan in read:
            readers[init_plan].append(node)
    return readers


def _in_execution_order(root: PlanNode) -> Iterator[PlanNode]:
    """Children before parents, the inner side of a hash join before its outer side."""
    order = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(reversed(node.children) if node.node_type == "Hash Join" else node.children)
    return reversed(order)


def _parameters(node: PlanNode) -> Iterator[str]:
    texts = (
        node.filter, node.index_cond, node.recheck_cond, node.join_filter, node.hash_cond, node.merge_cond,
        node.tid_cond, node.order_by, node.one_time_filter, *node.sort_key, *node.group_key, *node.output,
    )
    for text in texts:
        yield from _PARAMETER.findall(text)


def _cte_of(scan: PlanNode, above: Mapping[PlanNode, PlanNode]) -> PlanNode | None:
    """The CTE that a CTE Scan reads: the nearest of its name that is listed above it and is not being defined there."""
    below, node = scan, above.get(scan)
    while node is not None:
        for child in node.children:
            if child is not below and child.subplan_name == _CTE + scan.cte_name:
                return child
        below, node = node, above.get(node)
    return None


def _where_it_waited(reader: PlanNode, listed_at: PlanNode, above: Mapping[PlanNode, PlanNode]) -> PlanNode:
    """The reader, or the Gather above it: what workers need of outside is computed before they are started."""
    waited, node = reader, reader
    while node is not listed_at and node in above:
        node = above[node]
        if is_gather(node):
            waited = node
    return waited
