"""What the planner expects of a node as a whole, where EXPLAIN prints it per process and as if it ran to its end."""

from __future__ import annotations

from collections.abc import Mapping

from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import is_gather

# Nodes that read all of their input before they return a row.
BLOCKING = ("Sort", "Hash", "Aggregate", "BitmapAnd", "BitmapOr", "Bitmap Heap Scan")


def rows_expected(node: PlanNode, above: Mapping[PlanNode, PlanNode]) -> float:
    """Rows that the planner expects of all processes together, one execution of the node."""
    return node.plan_rows * _processes_expected(node, above) * part_expected(node, above)


def part_expected(node: PlanNode, above: Mapping[PlanNode, PlanNode]) -> float:
    """How much of the node a LIMIT above it lets run, as the planner expects: 1 for all of it."""
    child, parent = node, above.get(node)
    while parent is not None and parent.node_type not in BLOCKING:
        if parent.node_type == "Limit" and child.plan_rows:
            return min(1.0, parent.plan_rows / child.plan_rows)
        child, parent = parent, above.get(parent)
    return 1.0


def _processes_expected(node: PlanNode, above: Mapping[PlanNode, PlanNode]) -> float:
    """What the planner divides the rows of a parallel scan by: the workers, and the rest of the leader's time.

    The leader counts as 1 - 0.3 × workers while that is positive (get_parallel_divisor in costsize.c).
    """
    if not node.is_parallel_aware:
        return 1.0
    while node in above and not is_gather(node):
        node = above[node]
    workers = node.workers_planned or 0
    return workers + max(0.0, 1.0 - 0.3 * workers)
