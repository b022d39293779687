"""Which scans of a plan another check names already, so that what follows from them is not told twice."""

from __future__ import annotations

from collections.abc import Collection

from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import scans
from dbaudit.checks.plan._waste import is_wasteful
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.statement import Explained

_INDEXED = ("Index Scan", "Index Only Scan", "Bitmap Heap Scan")


def named_scans(explained: Explained, relations: Relations) -> frozenset[PlanNode]:
    """The scans that discard most of what they read, by the usual thresholds of PLN001, PLN002, PLN010 and PLN022."""
    if explained.plan is None:
        return frozenset()
    found = {
        (scan.whole.oid, scan.node.node_type)
        for node_types, read_rows in ((("Seq Scan",), 10_000), (_INDEXED, 1_000))
        for scan in scans(explained, relations, node_types)
        if is_wasteful(scan, read_rows=read_rows, kept_ratio=0.10, time_ratio=0.10, table_rows=1_000)
    }
    return frozenset(
        node
        for node in explained.plan.nodes()
        if found and (table := relations.table(node)) and (relations.whole(table).oid, node.node_type) in found
    )


def is_told_below(node: PlanNode, named: Collection[PlanNode]) -> bool:
    """Whether one of these scans is in the tree below the node."""
    return bool(named) and any(each in named for each in node.walk())
