"""Where the planner was wrong about the number of rows, and what it decided by that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbaudit.checks.plan._expected import BLOCKING
from dbaudit.facts.plan import INIT_PLAN, SUB_PLAN, Plan, PlanNode
from dbaudit.facts.plan_time import NodeTime, node_times, parents
from dbaudit.finding import Severity

INFO_FACTOR, WARNING_FACTOR, ERROR_FACTOR = 10.0, 100.0, 1_000.0
FEWEST_ROWS, TIME_RATIO, ERROR_MS = 100.0, 0.10, 100.0
JOINS = ("Nested Loop", "Hash Join", "Merge Join")
# These pass on the rows of the node below, or join each of them.
_FOLLOWING = (
    *JOINS, "Sort", "Incremental Sort", "Hash", "Materialize", "Memoize", "Gather", "Gather Merge", "Subquery Scan", "Result",
)
# These pass on the rows of the node below, or count what is no row of the result.
_NO_ESTIMATE_OF_THEIR_OWN = (
    "BitmapAnd", "BitmapOr", "Bitmap Index Scan", "Hash", "Materialize", "Memoize", "Gather", "Gather Merge", "Limit",
    "Sort", "Incremental Sort", "ModifyTable", "LockRows", "WindowAgg", "WorkTable Scan", "Recursive Union",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misestimate:
    """A node whose rows, per loop, were `factor` times more or fewer than expected, and the join chosen by that."""

    node: PlanNode
    join: PlanNode
    expected_rows: float
    actual_rows: float
    factor: float


def root_misestimate(
    plan: Plan, *, factor: float = INFO_FACTOR, rows: float = FEWEST_ROWS, time_ratio: float = TIME_RATIO
) -> Misestimate | None:
    """The worst of those with no other below them, where the join above takes a good part of the time; else None.

    `rows` is the least number that is worth a look, where more came than expected; where fewer came, ten times that.
    """
    above, times = parents(plan), node_times(plan)
    whole_ms = times[plan.root].inclusive_ms if times else 0.0
    wrong = {found.node: found for found in _judged(plan) if found.factor >= factor}
    covered: set[PlanNode] = set()
    for node in wrong:
        while (node := above.get(node)) is not None and node not in covered:
            covered.add(node)
    lowest = [
        found
        for node, found in wrong.items()
        if node not in covered
        and max(found.actual_rows, found.expected_rows / 10) * (node.actual_loops or 1.0) >= rows
    ]
    if whole_ms:
        lowest = [with_join for each in lowest if (with_join := _felt(each, above, times, time_ratio * whole_ms))]
    return max(lowest, key=lambda found: found.factor, default=None)


def following_ms(
    node: PlanNode, above: Mapping[PlanNode, PlanNode], times: Mapping[PlanNode, NodeTime]
) -> Mapping[PlanNode, float]:
    """The time of each nested loop above that this node's rows drive, with that of its inner side.

    What sorts, hashes or merges more rows than expected would have had to do so by any plan. A node that counts other
    rows than these, such as an Aggregate, ends the way up.
    """
    found: dict[PlanNode, float] = {}
    child, parent = node, above.get(node)
    while parent is not None and child.parent_relationship not in (INIT_PLAN, SUB_PLAN) and parent.node_type in _FOLLOWING:
        if parent.node_type == "Nested Loop" and child.parent_relationship == "Outer":
            inner_ms = sum(times[each].inclusive_ms for each in parent.children if each is not child)
            found[parent] = times[parent].exclusive_ms + inner_ms
        child, parent = parent, above.get(parent)
    return found


def _felt(
    found: Misestimate, above: Mapping[PlanNode, PlanNode], times: Mapping[PlanNode, NodeTime], least_ms: float
) -> Misestimate | None:
    """The mis-estimate with the join that it tells on: the next one, else the worst nested loop above; else None."""
    if times[found.join].inclusive_ms >= least_ms:
        return found
    following = following_ms(found.node, above, times) if found.actual_rows > found.expected_rows else {}
    if not following or sum(following.values()) < least_ms:
        return None
    return replace(found, join=max(following, key=following.__getitem__))


def severity_of(
    found: Misestimate,
    statement_ms: float | None,
    *,
    warning_factor: float = WARNING_FACTOR,
    error_factor: float = ERROR_FACTOR,
    error_ms: float = ERROR_MS,
) -> Severity:
    """By how far the estimate was off; an error only where the whole statement took this long."""
    if found.factor >= error_factor and (statement_ms or 0.0) >= error_ms:
        return Severity.ERROR
    return Severity.WARNING if found.factor >= warning_factor else Severity.INFO


def _judged(plan: Plan) -> Iterator[Misestimate]:
    """Every node below a join with its factor, but those that returned fewer rows because nobody asked for more."""
    joins: dict[PlanNode, PlanNode | None] = {plan.root: None}
    may_stop = {plan.root: False}
    for node in plan.nodes():
        for child in node.children:
            is_subplan = child.parent_relationship in (INIT_PLAN, SUB_PLAN)
            joins[child] = None if is_subplan else node if node.node_type in JOINS else joins[node]
            may_stop[child] = is_subplan or _may_stop(child, node, may_stop[node])
        if node.actual_rows is None or node.never_executed or node.node_type in _NO_ESTIMATE_OF_THEIR_OWN:
            continue
        join = joins[node]
        if join is None or (node.actual_rows < node.plan_rows and may_stop[node]):
            continue
        expected, actual = max(node.plan_rows, 1.0), max(node.actual_rows, 1.0)
        yield Misestimate(
            node=node,
            join=join,
            expected_rows=node.plan_rows,
            actual_rows=node.actual_rows,
            factor=max(expected / actual, actual / expected),
        )


def _may_stop(child: PlanNode, node: PlanNode, node_may_stop: bool) -> bool:
    """Whether the node, or another above it, may have asked the child for no more rows although there were some."""
    if node.node_type in ("Limit", "Merge Join"):
        return True
    if node.node_type in BLOCKING and node.strategy != "Sorted":
        return False
    if child.parent_relationship == "Inner" and (node.inner_unique or node.join_type in ("Semi", "Anti")):
        return True
    if node.node_type == "Hash Join" and child is node.children[0] and not node.children[-1].actual_rows:
        return True
    return node_may_stop
