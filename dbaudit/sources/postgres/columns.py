"""Reads the columns of given relations: one query, however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.facts.column import Column
from dbaudit.sources.postgres.collect import query_for
from dbaudit.sources.postgres.session import Session


def read_columns(session: Session, relations: Iterable[tuple[str, str]]) -> tuple[Column, ...]:
    """The columns of these relations, given by schema and name, both unquoted as a plan has them.

    A relation that is not there has none. Raises psycopg.Error where the server refuses, ServerGone where it is lost.
    """
    wanted = sorted(set(relations))
    if not wanted:
        return ()
    schemas, names = [schema for schema, _ in wanted], [name for _, name in wanted]
    with session.transaction() as cursor:
        cursor.execute(query_for(Column, session.major), (schemas, names), binary=True)
        fields = [column.name for column in cursor.description or ()]
        return tuple(Column(**dict(zip(fields, row))) for row in cursor.fetchall())
