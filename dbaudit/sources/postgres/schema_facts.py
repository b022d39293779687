"""What a server knows of the relations that texts of statements name. Nothing of the texts is sent to it."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from dbaudit.errors import ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import Index
from dbaudit.facts.column import Column
from dbaudit.facts.relation import Names, Relation, SearchPath
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources.postgres.collect import collect, missing, query_for
from dbaudit.sources.postgres.columns import read_columns
from dbaudit.sources.postgres.session import Session


def schema_facts(session: Session, texts: Iterable[StatementText]) -> Facts:
    """Server, Relation and SearchPath, and Column and Index of the tables that the texts name.

    A type that the server does not tell about is Missing, with its reason. Where it goes away the rest is Missing, and
    `session.lost` says so.
    """
    facts = read_names(session)
    try:
        columns = read_columns(session, named_in(texts, facts))
    except (ServerGone, psycopg.Error) as error:
        unknown = _why(Column, error)
        return facts.merged(Facts({Column: unknown, Index: unknown}))
    indexes = collect(session, (Index,), {column.table_oid for column in columns})
    return facts.merged(indexes).merged(Facts({Column: columns}))


def read_names(session: Session) -> Facts:
    """Server, Relation and SearchPath: what a name in a text means."""
    return collect(session, (Relation,)).merged(_search_path(session))


def named_in(texts: Iterable[StatementText], names: Facts) -> set[tuple[str, str]]:
    """Schema and name of the relations whose columns or indexes decide on something seen in the texts."""
    written = {relation for text in texts for relation in asked_about(text)}
    known = Names.of(names)
    return {found for name in written if (found := known.find(name))}


def asked_about(text: StatementText) -> set[str]:
    """The relations, as they are written, whose columns or indexes decide on something seen in a text."""
    stars = {relation for star in text.select_stars for relation in star.relations}
    return stars | {read.relation for sighting in text.sightings for read in sighting.reads if read.relation}


def _search_path(session: Session) -> Facts:
    try:
        ((schemas,),) = session.rows(query_for(SearchPath, session.major))
    except (ServerGone, psycopg.Error) as error:
        return Facts({SearchPath: _why(SearchPath, error)})
    return Facts({SearchPath: (SearchPath(schemas=tuple(schemas)),)})


def _why(kind: type, error: Exception) -> Missing:
    return missing(kind, error) if isinstance(error, psycopg.Error) else Missing(reason=str(error))
