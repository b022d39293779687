"""Takes a snapshot: schema, sizes, statistics and settings of a database, and no row of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import psycopg

from dbaudit.errors import AuditError
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Standby, Table
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import ColumnStatistics, ExtendedStatistics, PlannerSetting, RelationSize, Snapshot
from dbaudit.sources.given import quoted_element
from dbaudit.sources.postgres.collect import query_for, read_within
from dbaudit.sources.postgres.planner_settings import NAMES
from dbaudit.sources.postgres.schema.listing import Listing, by_name, read_listing
from dbaudit.sources.postgres.schema.read import read_schema
from dbaudit.sources.postgres.schema.selection import Wanted, select
from dbaudit.sources.postgres.session import Session

# What is printed then means the same wherever it is read again.
_AS_TEXT = (
    "select pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('datestyle', 'ISO, YMD', true),"
    " pg_catalog.set_config('intervalstyle', 'postgres', true), pg_catalog.set_config('timezone', 'UTC', true),"
    " pg_catalog.set_config('bytea_output', 'hex', true), pg_catalog.set_config('extra_float_digits', '1', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true)"
)
_WITH_STATISTICS = ("table", "materialized view")


def take(session: Session, *, schemas: Iterable[str] = (), tables: Iterable[str] = ()) -> Snapshot:
    """A snapshot of the session's database, in one transaction that sees one moment of it.

    `schemas` and `tables` are patterns as psql's; what the tables need comes with them. What the role may not see, and
    what another session has locked, is in the omissions. Raises AuditError for a pattern that nothing matches or where
    the server refuses, ServerGone where it is lost.
    """
    server = session.server
    try:
        with session.transaction(is_one_moment=True) as cursor:
            settings = _settings(cursor)
            cursor.execute(_AS_TEXT, binary=True)
            listing = read_listing(cursor)
            wanted = select(listing, schemas, tables)
            objects = read_schema(cursor, listing, wanted)
            relations = [
                key.oid
                for key in wanted.keys
                if key.catalog == "pg_class" and listing.objects[key].kind in _WITH_STATISTICS
            ]
            return Snapshot(
                taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                facts=_facts(cursor, server, relations, is_whole=not (schemas or tables)),
                objects=objects,
                sizes=_read(cursor, RelationSize, server.major, [relations]),
                statistics=_read(cursor, ColumnStatistics, server.major, [relations]),
                extended_statistics=_extended(cursor, server.major, relations),
                settings=settings,
                omissions=wanted.omissions,
            )
    except psycopg.errors.LockNotAvailable:
        raise AuditError("another session locked a table while its definition was read", "take it again") from None


def _read(cursor: psycopg.Cursor, kind: type, major: int, parameters: list[Any]) -> tuple[Any, ...]:
    return tuple(
        kind(**{name: tuple(value) if type(value) is list else value for name, value in row._asdict().items()})
        for row in by_name(cursor, query_for(kind, major), parameters)
    )


def _settings(cursor: psycopg.Cursor) -> tuple[PlannerSetting, ...]:
    return _read(cursor, PlannerSetting, 0, [list(NAMES)])


def _facts(cursor: psycopg.Cursor, server: Server, relations: Collection[int], *, is_whole: bool) -> Facts:
    """What the checks need, of the relations in the snapshot."""
    found = {kind: read_within(cursor, kind, server.major) for kind in (Table, Index, ForeignKey, OperatorFamily, Standby)}
    known = set(relations)
    found[Table] = tuple(sorted((row for row in found[Table] if row.oid in known), key=lambda row: row.qualified))
    found[Index] = tuple(sorted((row for row in found[Index] if row.table_oid in known), key=lambda row: row.qualified))
    found[ForeignKey] = tuple(
        sorted((row for row in found[ForeignKey] if row.table_oid in known), key=lambda row: (row.table, row.name))
    )
    return Facts({Server: (server,), **found})


def _extended(cursor: psycopg.Cursor, major: int, relations: Collection[int]) -> tuple[ExtendedStatistics, ...]:
    found = []
    for row in by_name(cursor, query_for(ExtendedStatistics, major), [list(relations)]):
        values = row._asdict()
        for name in ("most_common_frequencies", "most_common_base_frequencies"):
            values[name] = None if values[name] is None else tuple(values[name])
        combinations = values["most_common_values"]
        values["most_common_values"] = combinations and tuple(map(_array, combinations))
        found.append(ExtendedStatistics(**values))
    return tuple(found)


def _array(values: Iterable[str | None]) -> str:
    return "{" + ",".join("NULL" if value is None else quoted_element(value) for value in values) + "}"
