"""NOT IN (SELECT …) to NOT EXISTS, which can be joined, where neither side is ever NULL.

Then both are true where no row is equal, false where one is, and never NULL; and both compare by the same operator, as
it is written with the same operands in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaudit.facts.statement import Edit
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.relation import Relations, reads_tables, relation_at, source_of
from dbaudit.sources.rewrites.text import is_repeatable, quoted, written
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Role, Source
from dbaudit.sources.sqlterms import Reference, is_bare_column

_CLAUSES = frozenset(["select", "from", "where"])
_BEFORE = frozenset(["where", "and", "or", "("])
_OUTER = frozenset(["left", "right", "full", "lateral"])


def not_ins(pieces: Pieces, queries: Sequence[Query], relations: Relations) -> Iterator[Found]:
    """Each NOT IN that can be NOT EXISTS as well."""
    words = pieces.words
    for query in queries:
        opens = query.start - 1
        if query.role is not Role.IN or opens < 3 or words[opens - 2 : opens] != ["not", "in"]:
            continue
        left, outer = _left(pieces, queries, opens - 2)
        inner = _selected(pieces, query)
        if left is None or outer is None or inner is None or not is_repeatable(pieces, query.start, query.end):
            continue
        if not reads_tables(pieces, queries, query, relations):
            continue
        compared, own = source_of(outer, left.qualifier), query.sources[0]
        if compared is None or own.kind != "relation" or compared.alias == own.alias:
            continue
        if _is_never_null(pieces, relations, compared, left) and _is_never_null(pieces, relations, own, inner):
            text = _exists(pieces, query, _in_full(compared, left), _in_full(own, inner))
            edit = Edit(start=pieces.starts[left.start], end=pieces.ends[query.end], text=text)
            yield Found(sight=Sight.NOT_IN_SUBQUERY, start=opens - 2, end=query.end + 1, edits=(edit,))


def _left(pieces: Pieces, queries: Sequence[Query], negation: int) -> tuple[Reference | None, Query | None]:
    """The column before NOT, and the query whose WHERE clause that is in: one whose rows no outer join fills up."""
    start = negation - 1
    if pieces.words[start - 1] == ".":
        start -= 2
    column = is_bare_column(pieces, start, negation)
    if column is None or start < 1 or pieces.words[start - 1] not in _BEFORE:
        return None, None
    around = [query for query in queries if "where" in query.clauses and _holds(query.clauses["where"], start)]
    outer = max(around, key=lambda query: query.start, default=None)
    if outer is None or outer.verb != "select" or _innermost(queries, start) is not outer:
        return None, None
    read = range(*outer.clauses.get("from", (0, 0)))
    return (None, None) if any(pieces.words[place] in _OUTER for place in read) else (column, outer)


def _innermost(queries: Sequence[Query], place: int) -> Query:
    return max((query for query in queries if query.start <= place < query.end), key=lambda query: query.start)


def _holds(within: tuple[int, int], place: int) -> bool:
    return within[0] <= place < within[1]


def _selected(pieces: Pieces, query: Query) -> Reference | None:
    """The one column that a simple subquery on one relation returns."""
    if query.verb != "select" or query.ctes or not set(query.clauses) <= _CLAUSES or len(query.sources) != 1:
        return None
    column = is_bare_column(pieces, *query.clauses["select"])
    return column if column and column.qualifier in ("", query.sources[0].alias) else None


def _is_never_null(pieces: Pieces, relations: Relations, source: Source, column: Reference) -> bool:
    relation = relation_at(pieces, source, relations)
    return relation is not None and column.name in relation.not_null


def _in_full(source: Source, column: Reference) -> str:
    return f"{quoted(source.alias)}.{quoted(column.name)}"


def _exists(pieces: Pieces, query: Query, left: str, inner: str) -> str:
    read = written(pieces, query.keywords["from"], query.clauses["from"][1])
    where = f"({written(pieces, *query.clauses['where'])}) AND " if "where" in query.clauses else ""
    return f"NOT EXISTS (SELECT 1 {read} WHERE {where}{left} = {inner})"
