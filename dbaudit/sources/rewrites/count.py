"""count(*) compared with zero to EXISTS, which stops at the first row.

A count is never NULL, and is above zero just where there is a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbaudit.facts.statement import Edit
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.relation import Relations, reads_tables, relation_at
from dbaudit.sources.rewrites.text import is_repeatable, written
from dbaudit.sources.sqllex import NUMBER
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlpredicates import Seen, of_subquery
from dbaudit.sources.sqlquery import Query
from dbaudit.sources.sqlterms import Range, split

_CLAUSES = frozenset(["select", "from", "where"])
_BEFORE = frozenset(["where", "and", "or", "not", "on", "having", "when", "then", "else", "(", "select", ","])
_AFTER = frozenset(["and", "or", ")", ",", "then", "else", "end", "as", "from", "where", "group", "order", "limit", "union"])
# What PostgreSQL calls the result of an operator.
_UNNAMED = ' AS "?column?"'


def counts(pieces: Pieces, queries: Sequence[Query], relations: Relations) -> Iterator[Found]:
    """Each count that can be EXISTS as well."""
    for query in queries:
        for seen in of_subquery(pieces, query):
            if seen.sight is Sight.COUNT_FOR_EXISTENCE and _is_plain(pieces, queries, query, relations):
                edit = _whole(pieces, query, seen) if seen.end <= query.end else _scalar(pieces, queries, query, seen)
                if edit:
                    yield Found(sight=seen.sight, start=seen.start, end=seen.end, edits=(edit,))


def _is_plain(pieces: Pieces, queries: Sequence[Query], query: Query, relations: Relations) -> bool:
    if query.ctes or not set(query.clauses) <= _CLAUSES or not query.sources:
        return False
    if any(relation_at(pieces, source, relations) is None for source in query.sources):
        return False
    if not reads_tables(pieces, queries, query, relations):
        return False
    counted = next(place for place in range(query.keywords["select"], query.end) if pieces.words[place] == "count")
    inside = range(counted + 2, pieces.partner[counted + 1])
    is_of_rows = len(inside) == 1 and (pieces.words[inside[0]] == "*" or pieces.kinds[inside[0]] == NUMBER)
    return is_of_rows and is_repeatable(pieces, query.start, query.end)


def _exists(pieces: Pieces, query: Query, seen: Seen) -> str:
    return f"{seen.names[0]} (SELECT 1 {written(pieces, query.keywords['from'], query.end)})"


def _whole(pieces: Pieces, query: Query, seen: Seen) -> Edit | None:
    """SELECT count(*) > 0 FROM …, which returns one row."""
    items = split(pieces, *query.clauses["select"], ",")
    if len(items) != 1 or items[0][0] != seen.start:
        return None
    rest = range(seen.end, items[0][1])
    if len(rest) > 2 or len(rest) == 2 and pieces.words[rest[0]] != "as" or rest and not pieces.is_name(rest[-1]):
        return None
    alias = f" AS {written(pieces, rest[-1], rest[-1] + 1)}" if rest else _UNNAMED
    text = f"SELECT {_exists(pieces, query, seen)}{alias}"
    return Edit(start=pieces.starts[query.keywords["select"]], end=pieces.ends[query.end - 1], text=text)


def _scalar(pieces: Pieces, queries: Sequence[Query], query: Query, seen: Seen) -> Edit | None:
    """(SELECT count(*) FROM …) > 0 as a condition, or in a select list."""
    before = pieces.words[seen.start - 1] if seen.start else ""
    after = pieces.words[seen.end] if seen.end < len(pieces) else ")"
    if before not in _BEFORE or after not in _AFTER:
        return None
    text = _exists(pieces, query, seen)
    if before in ("select", ","):
        item = _item(pieces, queries, seen)
        if item is None:
            return None
        text += _UNNAMED if item[1] == seen.end else ""
    return Edit(start=pieces.starts[seen.start], end=pieces.ends[seen.end - 1], text=text)


def _item(pieces: Pieces, queries: Sequence[Query], seen: Seen) -> Range | None:
    """The item of a select list that begins with the count; after it comes its name or nothing."""
    for query in queries:
        start, end = query.clauses.get("select", (0, 0))
        if start <= seen.start < end:
            for item in split(pieces, start, end, ","):
                if item[0] == seen.start and (item[1] == seen.end or pieces.words[seen.end] == "as"):
                    return item
    return None
