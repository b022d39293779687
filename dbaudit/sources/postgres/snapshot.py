"""Takes a snapshot: schema, sizes, statistics and settings of a database, and no row of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg

from dbaudit.errors import AuditError, ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.budget import ServerRoom
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Standby, Table
from dbaudit.facts.column import Column
from dbaudit.facts.database import Database
from dbaudit.facts.relation import Relation, SearchPath
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import Omission, PlannerSetting, Snapshot
from dbaudit.facts.workload import DatabaseActivity, StatementUse
from dbaudit.sources.postgres.collect import missing, query_named, read_within
from dbaudit.sources.postgres.columns import read_columns_within
from dbaudit.sources.postgres.planner_settings import NAMES
from dbaudit.sources.postgres.redact import read_comparable, redacted
from dbaudit.sources.postgres.room import room_within
from dbaudit.sources.postgres.schema.listing import Listing, by_name, read_listing
from dbaudit.sources.postgres.schema.read import read_schema
from dbaudit.sources.postgres.schema.selection import Wanted, select
from dbaudit.sources.postgres.schema_statistics import (
    hidden_statistics,
    read_column_statistics,
    read_extended_statistics,
    read_sizes,
)
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.workload import read_statements

# What is printed then means the same wherever it is read again.
_AS_TEXT = (
    "select pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('datestyle', 'ISO, YMD', true),"
    " pg_catalog.set_config('intervalstyle', 'postgres', true), pg_catalog.set_config('timezone', 'UTC', true),"
    " pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('extra_float_digits', '1', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true)"
)
_WITH_STATISTICS = ("table", "materialized view")
_OF_THE_WHOLE = (OperatorFamily, Standby, Database, DatabaseActivity)
_ORDER = {
    Table: lambda row: row.qualified,
    Index: lambda row: row.qualified,
    ForeignKey: lambda row: (row.table, row.name),
    OperatorFamily: lambda row: row.oid,
    Standby: lambda row: (row.slot, row.application_name or ""),
}


def take(
    session: Session, *, schemas: Iterable[str] = (), tables: Iterable[str] = (), redact: bool = False
) -> Snapshot:
    """A snapshot of the session's database, in one transaction that sees one moment of it.

    `schemas` and `tables` are patterns as psql's; what the tables need comes with them. `redact` puts surrogates in the
    place of values. What the role may not see, and what another session has locked, is in the omissions. Raises
    AuditError for a pattern that nothing matches or where the server refuses, ServerGone where it is lost.
    """
    server = session.server
    try:
        with session.transaction(is_one_moment=True) as cursor:
            settings, own = _settings(cursor)
            names = _names(cursor, server.major)
            cursor.execute(_AS_TEXT, binary=True)
            listing = read_listing(cursor)
            wanted = select(listing, schemas, tables)
            objects = read_schema(cursor, listing, wanted)
            relations = _relations(listing, wanted)
            statements, untold = read_statements(cursor)
            facts = _facts(cursor, server, relations, names).merged(Facts({StatementUse: statements}))
            taken = Snapshot(
                taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                facts=facts,
                objects=objects,
                sizes=read_sizes(cursor, relations),
                statistics=read_column_statistics(cursor, server.major, relations),
                extended_statistics=read_extended_statistics(cursor, server.major, relations),
                settings=settings,
                omissions=(*wanted.omissions, *hidden_statistics(cursor, relations), *own, *untold),
            )
            comparable = read_comparable(cursor, relations) if redact else None
        return redacted(taken, comparable) if comparable else taken
    except ServerGone:
        raise
    except psycopg.errors.LockNotAvailable:
        raise AuditError("another session locked a table while its definition was read", "take it again") from None
    except psycopg.Error as error:
        reason = error.diag.message_primary or " ".join(str(error).split())
        raise AuditError(f"the server would not describe its schema: {reason}", "take it again") from None
    except UnicodeDecodeError:
        raise AuditError("the database is encoded as SQL_ASCII and holds names or values that are not UTF-8") from None


def _relations(listing: Listing, wanted: Wanted) -> list[int]:
    """The oids of what has rows."""
    return [
        key.oid for key in wanted.keys if key.catalog == "pg_class" and listing.objects[key].kind in _WITH_STATISTICS
    ]


def _settings(cursor: psycopg.Cursor) -> tuple[tuple[PlannerSetting, ...], tuple[Omission, ...]]:
    """The settings, and those whose server-wide value a setting of our own role hides."""
    known = by_name(cursor, query_named("planner_setting", 0), [list(NAMES)])
    own = by_name(cursor, query_named("planner_setting_own", 0), [list(NAMES)])
    reason = "this role or this connection sets it: its value stands for the server's"
    return (
        tuple(PlannerSetting(**row._asdict()) for row in known),
        tuple(Omission(kind="setting", name=row.name, reason=reason) for row in own),
    )


def _facts(cursor: psycopg.Cursor, server: Server, relations: Collection[int], names: Facts) -> Facts:
    """What the checks need, of the relations in the snapshot. `names` are what a name in a text means."""
    found: dict[type, tuple[Any, ...] | Missing] = {Server: (server,), **names.rows}
    of = set(relations)
    for kind in (Table, Index, ForeignKey, *_OF_THE_WHOLE):
        rows = _told(cursor, kind, server.major)
        if not isinstance(rows, Missing) and kind not in _OF_THE_WHOLE:
            rows = tuple(row for row in rows if (row.oid if kind is Table else row.table_oid) in of)
        if not isinstance(rows, Missing) and kind in _ORDER:
            rows = tuple(sorted(rows, key=_ORDER[kind]))
        found[kind] = rows
    found[ServerRoom] = (room_within(cursor),)
    found[Column] = _told(cursor, Column, server.major, [(table.schema, table.name) for table in Facts(found).get(Table)])
    return Facts(found)


def _names(cursor: psycopg.Cursor, major: int) -> Facts:
    """The relations, and where a name without a schema is looked up, before the search_path is emptied."""
    relations = _told(cursor, Relation, major)
    if not isinstance(relations, Missing):
        relations = tuple(sorted(relations, key=lambda row: (row.schema, row.name)))
    return Facts({Relation: relations, SearchPath: _told(cursor, SearchPath, major)})


def _told(
    cursor: psycopg.Cursor, kind: type, major: int, of: Collection[tuple[str, str]] = ()
) -> tuple[Any, ...] | Missing:
    cursor.execute("savepoint fact", binary=True)
    try:
        return read_columns_within(cursor, major, of) if kind is Column else read_within(cursor, kind, major)
    except psycopg.Error as error:
        if cursor.connection.closed:
            raise
        cursor.execute("rollback to savepoint fact", binary=True)
        return missing(kind, error)
