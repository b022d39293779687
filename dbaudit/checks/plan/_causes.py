"""Which finding about a statement is why another one is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaudit.checks.plan._misestimate import following_ms
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times, parents, total_rows
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Severity, Span

SLOW = "PLN020"
# The share of a statement's time from which on a finding is why it is slow.
CAUSE_RATIO = 0.5

_MISESTIMATES = ("PLN003", "PLN018")
_RESCANS = "PLN009"
_OFFSET = "PLN008"
_SPILLS = ("PLN004", "PLN005")
# Scans that are only noted because the planner expected more rows of them than came, or fewer.
_REFUSED = ("PLN001", "PLN002")
# These name what takes the time; the others of their family tell of something beside it.
_TAKING_TIME = (
    *_MISESTIMATES, *_REFUSED, *_SPILLS, _OFFSET, _RESCANS, "PLN006", "PLN007", "PLN010", "PLN011", "PLN012", "PLN013",
    "PLN014", "PLN016", "PLN019", "PLN022",
)  # fmt: skip
# What a check of plans proves of a place, and the checks of texts that only suspect it there.
_SUSPECTED = {
    "PLN001": ("SQL003", "SQL004", "SQL017"), "PLN008": ("SQL006",), "PLN011": ("SQL017",), "PLN019": ("SQL004",),
    "PLN022": ("SQL003", "SQL004"),
}  # fmt: skip
_READING_ALL = ("Sort", "Incremental Sort", "Hash", "Aggregate", "WindowAgg", "CTE Scan")


class Causes:
    """The findings of one statement, and for those that follow from another one, which that is."""

    def __init__(self, explained: Explained, findings: Sequence[Finding]) -> None:
        self.explained, self.findings = explained, findings
        self.nodes = tuple(explained.plan.nodes()) if explained.plan else ()
        self.times = node_times(explained.plan) if explained.plan else {}
        self.above = parents(explained.plan) if explained.plan else {}
        self.cause: dict[int, int] = {}

    def told(self) -> Mapping[int, int]:
        """For the number of each finding that follows from another one, the number of the root cause."""
        for number, finding in enumerate(self.findings):
            cause = self.misled_by(finding) if finding.in_plan else self.proven_by(finding)
            if cause is not None:
                self.cause[number] = cause
        for number, finding in enumerate(self.findings):
            if finding.code == SLOW and (cause := self.taking_the_time(finding)) is not None:
                self.cause[number] = cause
        return {number: self.root_of(number) for number in self.cause}

    def root_of(self, number: int) -> int:
        while number in self.cause:
            number = self.cause[number]
        return number

    def misled_by(self, finding: Finding) -> int | None:
        """The wrong estimate by which the planner chose what the finding is about."""
        for number, wrong in enumerate(self.findings):
            if wrong.code in _MISESTIMATES and wrong.in_plan and self.follows(finding, wrong):
                return number
        return None

    def follows(self, finding: Finding, wrong: Finding) -> bool:
        node, misjudged = self.node(finding), self.node(wrong)
        if finding.code == _RESCANS:
            return misjudged in self.nodes[finding.in_plan.nodes[-1]].walk()
        if finding.code in _SPILLS:
            came_more = (misjudged.actual_rows or 0.0) > misjudged.plan_rows
            return came_more and finding.in_plan.is_unexpected and misjudged in node.walk()
        return finding.code in _REFUSED and finding.severity is Severity.INFO and not finding.fixes and node is misjudged

    def proven_by(self, suspicion: Finding) -> int | None:
        """The finding about the plan that proves at the same place what the text made suspect."""
        for number, proven in enumerate(self.findings):
            is_placed = proven.in_plan and proven.span and proven.span != self.explained.statement.span
            is_kin = suspicion.code in _SUSPECTED.get(proven.code, ())
            if is_placed and is_kin and suspicion.span and _overlap(proven.span, suspicion.span):
                return number
        return None

    def taking_the_time(self, slow: Finding) -> int | None:
        """The finding that accounts for most of the time, from half of it on."""
        spent: dict[int, float] = {}
        for number, finding in enumerate(self.findings):
            root = self.root_of(number)
            # The nested loop is in the wrong estimate's time already.
            is_counted = root != number and finding.code == _RESCANS
            spent[root] = spent.get(root, 0.0) + (0.0 if is_counted else self.accounted_ms(finding))
        most = max(spent, key=spent.__getitem__)
        least = CAUSE_RATIO * float(slow.evidence.get("time_ms") or 0.0)
        return most if self.times and 0.0 < least <= spent[most] else None

    def accounted_ms(self, finding: Finding) -> float:
        if finding.in_plan is None or finding.code not in _TAKING_TIME:
            return 0.0
        node = self.node(finding)
        if finding.code in _MISESTIMATES:
            came_more = (node.actual_rows or 0.0) > node.plan_rows
            return sum(following_ms(node, self.above, self.times).values()) if came_more and self.times else 0.0
        time_ms = float(finding.evidence.get("time_ms") or 0.0)
        return time_ms * self.skipped_ratio(finding) if finding.code == _OFFSET else time_ms

    def skipped_ratio(self, finding: Finding) -> float:
        """The share of a LIMIT's time that its OFFSET takes: none where all rows are read before the first is passed."""
        limit, skipped = self.node(finding), float(finding.evidence.get("skipped_rows_count") or 0.0)
        if not skipped or any(each.node_type in _READING_ALL for each in limit.walk()):
            return 0.0
        return skipped / (skipped + total_rows(limit))

    def node(self, finding: Finding) -> PlanNode:
        return self.nodes[finding.in_plan.nodes[0]]


def _overlap(one: Span, other: Span) -> bool:
    """Whether one of two places is within the other."""
    return _contains(one, other) or _contains(other, one)


def _contains(outer: Span, inner: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return outer.path == inner.path and starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
