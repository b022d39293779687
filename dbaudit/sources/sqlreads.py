"""Which columns of which relations a query lists and equates: with a schema they say what is unique."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.facts.statement_text import Read
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Source
from dbaudit.sources.sqlterms import Reference, columns, comparison, conjuncts, is_bare_column, split


def branch_reads(pieces: Pieces, union: Query, queries: Sequence[Query]) -> tuple[Read, ...]:
    """What each branch of a set operation lists of the one relation it reads; nothing where one reads others."""
    branches = [query for query in queries if (query.start, query.end) in union.branches and query is not union]
    reads = [
        Read(relation=query.sources[0].name, columns=_listed(pieces, *query.clauses["select"]))
        for query in branches
        if len(query.sources) == 1 and query.sources[0].kind == "relation"
    ]
    return tuple(reads) if len(reads) == len(union.branches) else ()


def join_reads(pieces: Pieces, query: Query, one: Source) -> tuple[Read, ...]:
    """What is listed of one relation, then of each other the columns that must equal something known before.

    Known is what is a constant, of the one, or of another that stands before it. Nothing where an outer join may add rows
    in which the one is NULL.
    """
    if {"right", "full"} & set(pieces.words[slice(*query.clauses["from"])]):
        return ()
    known, reads = {one.alias}, [Read(relation=one.name, columns=_listed(pieces, *query.clauses["select"]))]
    terms = [term for condition in _conditions(query) for term in conjuncts(pieces, *condition)]
    for source in query.sources:
        if source is not one:
            equal = (name for term in terms if (name := _equated(pieces, term, source.alias, known)))
            reads.append(Read(relation=source.name, columns=tuple(dict.fromkeys(equal))))
            known = known | {source.alias}
    return tuple(reads)


def _conditions(query: Query) -> list[tuple[int, int]]:
    return [*([query.clauses["where"]] if "where" in query.clauses else []), *query.joins]


def _equated(pieces: Pieces, term: tuple[int, int], alias: str, known: set[str]) -> str:
    """The column of the relation called `alias` that a condition makes equal to what is known; empty for any other."""
    compared = comparison(pieces, *term)
    if not compared or compared[1] != "=":
        return ""
    for side, other in ((compared[0], compared[2]), (compared[2], compared[0])):
        column = is_bare_column(pieces, *side)
        has_query = any(word in ("select", "any", "all", "some") for word in pieces.words[slice(*other)])
        if column and column.qualifier == alias and not has_query:
            if {each.qualifier for each in columns(pieces, *other)} <= known:
                return column.name
    return ""


def _listed(pieces: Pieces, start: int, end: int) -> tuple[str, ...]:
    """The columns that are items of a select list by themselves."""
    start += pieces.words[start : start + 1] in (["distinct"], ["all"])
    items = (_item(pieces, *item) for item in split(pieces, start, end, ","))
    return tuple(dict.fromkeys(item.name for item in items if item))


def _item(pieces: Pieces, start: int, end: int) -> Reference | None:
    named = columns(pieces, start, end)
    if not named or named[0].start != start:
        return None
    after = named[0].end
    is_alone = after == end or pieces.words[after] == "as" or after + 1 == end and pieces.is_name(after)
    return named[0] if is_alone else None
