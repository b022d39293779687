"""An index that is walked in its order until a LIMIT is full."""

from __future__ import annotations

from collections.abc import Mapping

from dbaudit.facts.condition import conditions
from dbaudit.facts.plan import PlanNode

# These keep the order of the rows that they pass on.
_KEEPING = (
    "Nested Loop", "Gather Merge", "Merge Append", "LockRows", "Subquery Scan", "Result", "Incremental Sort",
    "ProjectSet",
)


def limit_above(scan: PlanNode, above: Mapping[PlanNode, PlanNode]) -> PlanNode | None:
    """The Limit for which the scan walks the whole index in order, min() and max() included; None where it does not.

    A scan that searches by its index was chosen for what it finds, not for its order.
    """
    if scan.node_type not in ("Index Scan", "Index Only Scan"):
        return None
    if any(condition.operator != "IS NOT NULL" for condition in conditions(scan.index_cond)):
        return None
    child, node = scan, above.get(scan)
    while node is not None and node.node_type in _KEEPING and child.parent_relationship != "Inner":
        child, node = node, above.get(node)
    return node if node is not None and node.node_type == "Limit" else None
