"""Conditions and lists of a plan against those of its text, by the columns in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dbaudit.facts import condition as planned
from dbaudit.facts.condition import Condition, conditions
from dbaudit.facts.plan import PlanNode
from dbaudit.sources.sqllex import PARAMETER, STRING
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Source, after_name
from dbaudit.sources.sqlterms import Reference, columns, comparison, split, unwrapped

Place = tuple[int, int]

# What a comparison may be in the server's words, by its operator in the text. LIKE gives an index a range.
_OPERATORS = {
    "=": ("=",), "!=": ("<>",), "<>": ("<>",), "<": ("<",), ">": (">",), "<=": ("<=",), ">=": (">=",),
    "like": ("~~", "=", ">=", "<"), "ilike": ("~~*",), "in": ("= ANY", "="), "between": (">=", "<="),
    "~": ("~", "=", ">=", "<"), "~*": ("~*",),
}  # fmt: skip
_COMMUTED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
# With one of these the server may write another operator.
_REWRITTEN = frozenset(["not", "or", "any", "some", "all", "is", "case", "similar", "symmetric", "isnull", "notnull"])
# More of a plan's conditions and a text's terms are not compared with each other.
_MOST_PAIRS = 10_000
_OUTER = ("left", "right", "full")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """A source of a query, and the name and schema of its relation: empty where it is none, or they are not written."""

    query: Query
    source: Source
    relation: str
    schema: str

    @property
    def alias(self) -> str:
        return self.source.alias


@dataclass(frozen=True, slots=True, eq=False)
class _Term:
    """A conjunct of a clause, by its place among the others."""

    query: Query
    clause: tuple[str, int]
    number: int
    start: int
    end: int
    columns: tuple[Reference, ...]


class Scope:
    """Which source a name in a query may mean."""

    def __init__(self, pieces: Pieces, found: Sequence[Query]) -> None:
        self.pieces, self.queries = pieces, found
        self.levels = [_level(pieces, query, source) for query in found for source in query.sources]
        self.terms = [term for query in found for term in _terms(pieces, query)]
        ctes = [cte for query in found for cte in query.ctes]
        names = Counter(cte.name for cte in ctes)
        self._bodies = {cte.name: cte.opens for cte in ctes if names[cte.name] == 1}

    def has_outer_join(self, query: Query) -> bool:
        """Whether one of the query's sources may be left out of its plan."""
        start, end = query.clauses.get("from", (query.start, query.end))
        return any(self.pieces.words[place] in _OUTER for place in range(start, end))

    def of(self, query: Query, reference: Reference) -> list[Level]:
        """The sources that a column may belong to: by its qualifier the nearest one of that name, else any."""
        inner: Query | None = query
        while inner is not None:
            own = [level for level in self.levels if level.query is inner]
            named = [level for level in own if level.alias == reference.qualifier]
            if reference.qualifier and named:
                return named
            if not reference.qualifier and own:
                return own
            inner = self.around(inner)
        return []

    def around(self, query: Query) -> Query | None:
        """The query that another one stands in."""
        holding = [
            each for each in self.queries
            if each is not query and each.start <= query.start and query.end <= each.end and each.verb != "union"
        ]  # fmt: skip
        return min(holding, key=lambda each: each.end - each.start, default=None)

    def holds(self, outer: Level, inner: Level) -> bool:
        """Whether a source is a subquery or a WITH query in which the other one stands."""
        start, end = outer.source.start, outer.source.end
        if outer.source.kind == "query" and outer.alias and self.pieces.words[start] != "(":
            name = self.pieces.name(start)
            if name not in self._bodies:
                return False
            start = self._bodies[name]
            end = self.pieces.partner[start]
        return outer.source.kind == "query" and start < inner.source.start < end


def _level(pieces: Pieces, query: Query, source: Source) -> Level:
    if source.kind != "relation":
        return Level(query=query, source=source, relation="", schema="")
    end = after_name(pieces, source.start)
    schema = pieces.name(end - 3) if end - source.start > 2 else ""
    return Level(query=query, source=source, relation=pieces.name(end - 1), schema=schema)


def _terms(pieces: Pieces, query: Query) -> Iterator[_Term]:
    clauses = [(name, 0, query.clauses[name]) for name in ("where", "having") if name in query.clauses]
    clauses += [("on", number, place) for number, place in enumerate(query.joins)]
    for name, which, place in clauses:
        for number, (start, end) in enumerate(_conjuncts(pieces, *place)):
            yield _Term(query, (name, which), number, start, end, tuple(columns(pieces, start, end)))


def _conjuncts(pieces: Pieces, start: int, end: int) -> Iterator[Place]:
    todo = [(start, end)]
    while todo:
        start, end = unwrapped(pieces, *todo.pop())
        parts = split(pieces, start, end, "and") if len(split(pieces, start, end, "or")) == 1 else []
        if len(parts) > 1:
            todo += reversed(parts)
        elif start < end:
            yield start, end


def in_conditions(
    scope: Scope, candidates: Sequence[Level], node: PlanNode, expressions: Iterable[str]
) -> Place | None:
    """Where the text has these conditions of a node: the longest run of them that stands together; None where in doubt.

    `candidates` are the sources that the node may scan, none for a join.
    """
    found: dict[tuple[int, tuple[str, int]], set[_Term]] = {}
    planned_conditions = [each for text in expressions for each in conditions(text)]
    if len(planned_conditions) * len(scope.terms) > _MOST_PAIRS:
        return None
    for condition in planned_conditions:
        levels = candidates or [None]
        matching = [
            term
            for term in scope.terms
            if condition.columns and any(_names_them(scope, term, level, node, condition) for level in levels)
        ]
        matching = _told_apart(scope.pieces, matching, condition)
        if len(matching) == 1:
            found.setdefault((id(matching[0].query), matching[0].clause), set()).add(matching[0])
    runs = [run for terms in found.values() for run in _runs(sorted(terms, key=lambda term: term.number))]
    longest = max(runs, key=len, default=None)
    return (longest[0].start, longest[-1].end) if longest else None


def _runs(terms: Sequence[_Term]) -> Iterator[list[_Term]]:
    run: list[_Term] = []
    for term in terms:
        if run and term.number != run[-1].number + 1:
            yield run
            run = []
        run.append(term)
    yield run


def _names_them(scope: Scope, term: _Term, level: Level | None, node: PlanNode, condition: Condition) -> bool:
    """Whether a term of the text has the columns of a condition, and no others."""
    if {each.name for each in term.columns} != {each.column for each in condition.columns}:
        return False
    return all(
        any(each.name == column.column and _is_same(scope, term, level, node, each, column) for column in condition.columns)
        for each in term.columns
    )


def _is_same(
    scope: Scope, term: _Term, level: Level | None, node: PlanNode, written: Reference, column: planned.Reference
) -> bool:
    meant = scope.of(term.query, written)
    is_own = level is not None and column.alias in ("", node.alias)
    if not meant:
        return False
    if is_own:
        here = term.query is level.query and (not written.qualifier or level in meant)
        through = len(meant) == 1 and (meant[0] is level or scope.holds(meant[0], level))
        return here or through
    return any(
        not column.alias or each.source.kind != "relation" or is_alias_of(column.alias, each.alias) for each in meant
    )


def is_alias_of(alias: str, written: str) -> bool:
    """Whether EXPLAIN may call so what the text calls `written`."""
    return alias == written or re.fullmatch(re.escape(written) + r"_\d+", alias) is not None


def _told_apart(pieces: Pieces, terms: list[_Term], condition: Condition) -> list[_Term]:
    """Of several terms on the same columns those that may compare alike, and of these the one with the same literal."""
    if len(terms) > 1:
        terms = [term for term in terms if _may_be(pieces, term, condition.operator)] or terms
    if len(terms) > 1 and condition.literal is not None:
        kinds = {kind for term in terms for kind in pieces.kinds[term.start : term.end]}
        same = [term for term in terms if condition.literal in _literals(pieces, term)]
        terms = same if PARAMETER not in kinds and len(same) == 1 else terms
    return terms


def _may_be(pieces: Pieces, term: _Term, operator: str) -> bool:
    words = pieces.words[term.start : term.end]
    if not _REWRITTEN.isdisjoint(words):
        return True
    compared = comparison(pieces, term.start, term.end)
    if compared and compared[1] in _COMMUTED and not columns(pieces, *compared[0]):
        return operator == _COMMUTED[compared[1]]
    known = [each for word in words for each in _OPERATORS.get(word, ())]
    return not known or operator in known


def _literals(pieces: Pieces, term: _Term) -> set[str]:
    return {
        pieces.text[pieces.starts[place] : pieces.ends[place]][1:-1].replace("''", "'")
        for place in range(term.start, term.end)
        if pieces.kinds[place] == STRING
    }


def in_lists(scope: Scope, clause: str, keys: Sequence[str], *, is_ordered: bool) -> Place | None:
    """The one ORDER BY or GROUP BY of the statement whose items have the columns of these keys, with its keyword."""
    wanted = _columns_of(keys)
    if not wanted or frozenset() in wanted:
        return None
    pieces, found = scope.pieces, []
    for query in scope.queries:
        if clause not in query.clauses:
            continue
        items = [frozenset(each.name for each in columns(pieces, *item)) for item in split(pieces, *query.clauses[clause], ",")]
        if items == wanted if is_ordered else set(items) == set(wanted):
            found.append((query.keywords[clause], query.clauses[clause][1]))
    others = sum(pieces.words[place : place + 2] == [clause, "by"] for place in range(len(pieces)))
    known = sum(clause in query.clauses for query in scope.queries)
    return found[0] if len(found) == 1 and others <= known else None




def in_windows(scope: Scope, keys: Sequence[str]) -> Place | None:
    """The one OVER (…) or WINDOW … AS (…) of the statement that partitions and orders by these keys."""
    pieces = scope.pieces
    wanted = frozenset().union(*_columns_of(keys))
    windows = [
        (place, pieces.partner[place + 1] + 1)
        for place, word in enumerate(pieces.words[:-1])
        if pieces.words[place + 1] == "(" and (word == "over" or word == "as" and _is_window(pieces, place + 2))
    ]
    found = [window for window in windows if {each.name for each in columns(pieces, window[0] + 1, window[1])} == wanted]
    return found[0] if wanted and len(found) == 1 else None


def _is_window(pieces: Pieces, place: int) -> bool:
    return pieces.words[place : place + 2] in (["partition", "by"], ["order", "by"])


def _columns_of(keys: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(each.column for text in conditions(key) for each in text.columns) for key in keys]
