"""Where the text of a statement names what its plan speaks of: a condition, a relation, a sort key, a subquery.

A plan and a text are joined by names alone, so that a place is told only where no other could be meant. Names are
compared as PostgreSQL knows them; EXPLAIN appends _1, _2 to an alias that a statement has several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import SUB_PLAN, Plan, PlanNode
from dbaudit.facts.plan_time import parents
from dbaudit.facts.statement import Explained, Statement
from dbaudit.finding import Finding, InPlan, Part, Span
from dbaudit.sources.sqlclauses import queries
from dbaudit.sources.sqllex import COMMENT, SPACE, tokens
from dbaudit.sources.sqlmatch import Level, Place, Scope, in_conditions, in_lists, in_windows, is_alias_of
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Role, Source
from dbaudit.sources.sqltext import start_of_query

# A text that is longer is not read again for a place in it.
LONGEST = 200_000
# These pass on rows in their order: a Sort below them is that of a query's ORDER BY, if it is the outermost.
_PASSING = ("Limit", "LockRows", "Result", "ProjectSet", "Gather Merge", "Subquery Scan")
_SUBQUERIES = (Role.VALUE, Role.IN, Role.EXISTS)


def locator(facts: Facts) -> Callable[[Finding], Finding]:
    """A function that gives a finding about a plan its place in the statement's text: the statement where in doubt."""
    explained = {row.statement.name or row.statement.identity: row for row in facts.get(Explained)}
    wholes = frozenset(table.name for table in facts.get(Table) if table.is_partitioned)
    finders: dict[str, _Finder | None] = {}

    def located(finding: Finding) -> Finding:
        at, name = finding.in_plan, finding.subject.name
        row = explained.get(name)
        if at is None or at.part is Part.STATEMENT or row is None or row.plan is None:
            return finding
        if name not in finders:
            finders[name] = _finder(row.statement, row.plan, wholes)
        finder = finders[name]
        place = finder.place(at) if finder else None
        return replace(finding, span=_span(row.statement, finder.pieces, place)) if finder and place else finding

    return located


def _finder(statement: Statement, plan: Plan, wholes: frozenset[str]) -> _Finder | None:
    """None where the text is not understood."""
    if len(statement.text) > LONGEST:
        return None
    try:
        found = [each for each in tokens(statement.text) if each.kind not in (SPACE, COMMENT)]
        pieces = Pieces(statement.text, found)
        offset = start_of_query(statement, found) or 0
        begins = next((place for place, at in enumerate(pieces.starts) if at >= offset), 0)
        return _Finder(Scope(pieces, queries(pieces, begins)), plan, wholes)
    except Exception:
        # As in sqltext: the text may be anything at all, and a place in one must not end the audit of the others.
        return None


def _span(statement: Statement, pieces: Pieces, place: Place) -> Span:
    return statement.extent(pieces.starts[place[0]], pieces.ends[place[1] - 1])


class _Finder:
    """What is looked for in one statement, by the nodes of its plan."""

    def __init__(self, scope: Scope, plan: Plan, wholes: frozenset[str]) -> None:
        self.scope, self.pieces, self.queries = scope, scope.pieces, scope.queries
        self.nodes, self.above = tuple(plan.nodes()), parents(plan)
        known = wholes | {node.relation for node in self.nodes}
        # Relations that are not in the plan: views, and what the planner had no need of.
        self.strange = {level.relation for level in scope.levels} - known - {""}
        self.has_views = False

    def place(self, at: InPlan) -> Place | None:
        """The smallest place that is surely meant, or None."""
        if not all(number < len(self.nodes) for number in at.nodes):
            return None
        node = self.nodes[at.nodes[0]]
        self.has_views = bool(self.strange - {at.relation})
        if at.part is Part.OFFSET:
            return self.offset(node)
        if at.part is Part.SORT:
            return self.sort(node, at.expressions)
        if at.part is Part.CTE:
            named = [cte.place for query in self.queries for cte in query.ctes if cte.name == at.relation]
            return (named[0], named[0] + 1) if len(named) == 1 else None
        if at.part is Part.SUBQUERY:
            return self.subquery(node)
        candidates = self.levels(node, at.relation)
        is_walk = at.part is Part.WALK and self.is_sure(candidates, node, at)
        if is_walk and "order" in candidates[0].query.clauses:
            return _whole_clause(candidates[0].query, "order")
        if at.part in (Part.CONDITION, Part.WALK) and (found := self.condition(node, candidates, at)):
            return found
        return (candidates[0].source.start, candidates[0].source.end) if self.is_sure(candidates, node, at) else None

    def levels(self, node: PlanNode, relation: str) -> list[Level]:
        """Where FROM may name what a node scans."""
        name = relation or node.relation
        return [
            level
            for level in self.scope.levels
            if name and level.relation == name and level.schema in ("", node.schema) and is_alias_of(node.alias, level.alias)
        ]  # fmt: skip

    def is_sure(self, candidates: Sequence[Level], node: PlanNode, at: InPlan) -> bool:
        """Whether it is one place, and no view can have brought in the node."""
        if len(candidates) != 1 or not self.has_views:
            return len(candidates) == 1
        # A view may read the same relation by the same alias, and an outer join of the text may have been removed.
        same = {each.alias for each in self.nodes if each.relation == node.relation}
        return not at.relation and len(same) == 1 and not self.scope.has_outer_join(candidates[0].query)

    def condition(self, node: PlanNode, candidates: Sequence[Level], at: InPlan) -> Place | None:
        if node.relation and (not candidates or self.has_views and not self.is_sure(candidates, node, at)):
            return None
        return in_conditions(self.scope, candidates, node, at.expressions)

    def offset(self, limit: PlanNode) -> Place | None:
        found = [query for query in self.queries if "offset" in query.clauses]
        if self.is_outermost(limit) and self.queries and "offset" in self.queries[0].clauses:
            return _whole_clause(self.queries[0], "offset")
        is_only = sum(node.node_type == "Limit" for node in self.nodes) == 1
        return _whole_clause(found[0], "offset") if len(found) == 1 and is_only else None

    def is_outermost(self, node: PlanNode) -> bool:
        while node in self.above:
            node = self.above[node]
            if node.node_type not in _PASSING:
                return False
        return True

    def sort(self, node: PlanNode, keys: Sequence[str]) -> Place | None:
        """The clause that a Sort or an Aggregate is for."""
        user = self.above.get(node)
        if user and user.node_type == "WindowAgg":
            return in_windows(self.scope, keys)
        if node.node_type != "Sort" or user and user.node_type in ("Aggregate", "Group"):
            return in_lists(self.scope, "group", keys, is_ordered=False)
        if self.is_outermost(node):
            top = self.queries[0] if self.queries else None
            return _whole_clause(top, "order") if top and top.role is Role.TOP and "order" in top.clauses else None
        is_ordering = user is not None and user.node_type in (*_PASSING, "Append", "CTE Scan", "ModifyTable")
        return in_lists(self.scope, "order", keys, is_ordered=True) if is_ordering else None

    def subquery(self, node: PlanNode) -> Place | None:
        """The innermost subquery in an expression that holds everything the node's tree reads."""
        found: list[Level] = []
        for each in _own(node):
            if each.relation:
                candidates = self.levels(each, "")
                if len(candidates) != 1 or self.has_views:
                    return None
                found += candidates
        around = [
            query
            for query in self.queries
            if query.role in _SUBQUERIES and found and all(_holds(query, level.source) for level in found)
        ]
        if not around:
            return None
        innermost = min(around, key=lambda query: query.end - query.start)
        return innermost.start - 1, innermost.end + 1


def _own(node: PlanNode) -> Iterator[PlanNode]:
    """The nodes of a tree without those of the subqueries in its expressions."""
    stack = [node]
    while stack:
        each = stack.pop()
        yield each
        stack.extend(child for child in each.children if child.parent_relationship != SUB_PLAN)


def _holds(query: Query, source: Source) -> bool:
    return query.start <= source.start < query.end


def _whole_clause(query: Query, name: str) -> Place:
    return query.keywords[name], query.clauses[name][1]

