"""What the catalogs must tell of a relation before a statement that reads it may be rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlquery import Query, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table whose rows are only its own, or a materialized view: no view, no foreign table, no parent of others.

    `types` are the base types of its columns by name, as format_type prints them. `keys` are the columns of its unique
    indexes that hold for all rows at any time, that of the primary key first. Keys may be NULL.
    """

    types: Mapping[str, str]
    not_null: frozenset[str]
    keys: tuple[tuple[str, ...], ...]


# By the name that a statement writes.
Relations = Mapping[str, Relation]


def source_of(query: Query, qualifier: str) -> Source | None:
    """The relation in FROM that a column of the query is of; None where the text does not tell."""
    if not qualifier and len(query.sources) != 1:
        return None
    found = [source for source in query.sources if not qualifier or source.alias == qualifier]
    return found[0] if len(found) == 1 and found[0].kind == "relation" else None


def relation_at(pieces: Pieces, source: Source, relations: Relations) -> Relation | None:
    """The relation that a source is; None where it is none that is known, or where its columns are called otherwise."""
    is_renamed = "(" in pieces.words[source.start : source.end]
    return relations.get(source.name) if source.kind == "relation" and not is_renamed else None


def reads_tables(pieces: Pieces, queries: Sequence[Query], around: Query, relations: Relations) -> bool:
    """Whether all that is read in a query, at any depth, are tables: a view may return other rows each time."""
    return all(
        source.kind == "query" or relation_at(pieces, source, relations) is not None
        for query in queries
        if around.start <= query.start < around.end
        for source in query.sources
    )
