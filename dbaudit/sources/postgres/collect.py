"""Reads facts from the catalogs and the statistics: one query per fact type, whatever the number of relations."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable
from importlib.resources import files
from typing import Any

import psycopg

from dbaudit.errors import ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.server import Server
from dbaudit.sources.postgres.session import Session

# What the server deparses then names every object with its schema, and means the same wherever it is run again.
_NAMES_IN_FULL = "select pg_catalog.set_config('search_path', '', true)"


def collect(session: Session, kinds: Iterable[type], relations: Collection[int] | None = None) -> Facts:
    """The facts of these types, and Server. A type that the server refuses to tell about is Missing, with its reason.

    `relations` are the oids of those that are of interest; a query that cannot be told reads all.
    The columns of `queries/<fact>.sql` are the fields of the fact, by name. Raises nothing but KeyboardInterrupt: where
    the server goes away the rest is Missing, and `session.connection.closed` is true.
    """
    known: dict[type, tuple[Any, ...] | Missing] = {}
    for kind in (Server, *kinds):
        try:
            known[kind] = (session.server,) if kind is Server else read(session, kind, relations)
        except ServerGone as error:
            known[kind] = Missing(reason=str(error))
        except psycopg.Error as error:
            known[kind] = missing(kind, error)
    return Facts(known)


def read(session: Session, kind: type, relations: Collection[int] | None = None) -> tuple[Any, ...]:
    """All rows of one fact type, or those about some relations, by oid, where its query can be told which.

    Raises psycopg.Error where the server refuses, ServerGone where it is lost.
    """
    with session.transaction() as cursor:
        cursor.execute(_NAMES_IN_FULL, binary=True)
        return read_within(cursor, kind, session.major, relations)


def read_within(
    cursor: psycopg.Cursor, kind: type, major: int, relations: Collection[int] | None = None
) -> tuple[Any, ...]:
    """As `read`, in a transaction that is open already. Raises psycopg.Error."""
    names = {field.name for field in dataclasses.fields(kind)}
    query = query_for(kind, major)
    wanted = None if relations is None else list(relations)
    cursor.execute(query, [wanted] if "$1" in query else None, binary=True)
    columns = [column.name for column in cursor.description or ()]
    if set(columns) != names:
        raise AssertionError(f"{kind.__name__}: the query's columns differ by {sorted(names ^ set(columns))}")
    return tuple(kind(**{name: _inert(value) for name, value in zip(columns, row)}) for row in cursor.fetchall())


def query_for(kind: type, major: int) -> str:
    """The text of `<fact>.sql`, or of `<fact>_NN.sql` with the highest NN that is not above the server's major."""
    return query_named(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower(), major)


def query_named(stem: str, major: int) -> str:
    """As `query_for`, of the queries that are not about one fact type."""
    folder = files("dbaudit.sources.postgres") / "queries"
    for version in range(major, 14, -1):
        candidate = folder / f"{stem}_{version}.sql"
        if candidate.is_file():
            return candidate.read_text("utf-8")
    return (folder / f"{stem}.sql").read_text("utf-8")


def _inert(value: Any) -> Any:
    return tuple(value) if type(value) is list else value


def missing(kind: type, error: psycopg.Error) -> Missing:
    """Why the server did not tell about this type, in the reader's words."""
    reason = error.diag.message_primary or " ".join(str(error).split())
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Missing(reason=reason, remedy="grant pg_monitor and pg_read_all_data to the role")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return Missing(reason=f"{kind.__name__}: a catalog is locked by another session", remedy="try again later")
    return Missing(reason=f"{kind.__name__}: {reason}")
