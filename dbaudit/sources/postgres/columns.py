"""Reads the columns of given relations: one query, however many they are."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

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
    with session.transaction() as cursor:
        return read_columns_within(cursor, session.major, wanted)


def read_columns_within(cursor: psycopg.Cursor, major: int, relations: Iterable[tuple[str, str]]) -> tuple[Column, ...]:
    """As `read_columns`, in a transaction that is open already. Raises psycopg.Error."""
    wanted = sorted(set(relations))
    schemas, names = [schema for schema, _ in wanted], [name for _, name in wanted]
    cursor.execute(query_for(Column, major), (schemas, names), binary=True)
    fields = [column.name for column in cursor.description or ()]
    return tuple(Column(**dict(zip(fields, row))) for row in cursor.fetchall())
