"""Where in its statement's plan a finding is."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.statement import Explained
from dbaudit.finding import InPlan, Part


def at(
    explained: Explained,
    *nodes: PlanNode,
    part: Part = Part.STATEMENT,
    expressions: Iterable[str] = (),
    relation: str = "",
    is_unexpected: bool = False,
) -> InPlan | None:
    """The nodes by their numbers, the first being what the finding is about, and what of the text to point at."""
    if explained.plan is None:
        return None
    numbers = {node: number for number, node in enumerate(explained.plan.nodes())}
    return InPlan(
        nodes=tuple(numbers[node] for node in nodes),
        part=part,
        expressions=tuple(text for text in expressions if text),
        relation=relation,
        is_unexpected=is_unexpected,
    )


def at_scan(explained: Explained, scan: Scan, *, part: Part = Part.CONDITION) -> InPlan | None:
    """A scan, at the conditions by which it throws rows away."""
    relation = scan.whole.name if scan.whole != scan.table else ""
    return at(explained, scan.node, part=part, expressions=(each.text for each in scan.conditions), relation=relation)


def at_estimate(explained: Explained, node: PlanNode, *others: PlanNode, relation: str = "") -> InPlan | None:
    """A node whose rows were estimated, at the conditions that the estimate is of."""
    # A bitmap's condition is that of its indexes.
    texts = (node.filter, node.index_cond, node.recheck_cond, node.hash_cond, node.merge_cond, node.join_filter)
    return at(explained, node, *others, part=Part.CONDITION, expressions=texts, relation=relation)
