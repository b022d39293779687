"""Reads a schema as statements that create it again: a fixed number of queries, whatever the number of objects."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from dbaudit.facts.snapshot import SchemaObject
from dbaudit.sources.postgres.schema.listing import Key, Listing, rows
from dbaudit.sources.postgres.schema.order import in_order
from dbaudit.sources.postgres.schema.part import Part, whole
from dbaudit.sources.postgres.schema.routines import read_operators, read_routines
from dbaudit.sources.postgres.schema.selection import Wanted
from dbaudit.sources.postgres.schema.tables import read_attached, read_tables, read_views
from dbaudit.sources.postgres.schema.types import read_text_search, read_types


def read_schema(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> tuple[SchemaObject, ...]:
    """The wanted objects in an order in which they can be created, with search_path empty and check_function_bodies off.

    The cursor's search_path is to be empty. Raises psycopg.Error where the server refuses.
    """
    readers = (_read_schemas, read_types, read_text_search, read_routines, read_operators, read_tables, read_views, read_attached)
    return in_order(part for reader in readers for part in reader(cursor, listing, wanted))


def _read_schemas(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    for key in wanted.keys:
        if key.catalog == "pg_namespace":
            listed = listing.objects[key]
            # Every new database has this one.
            condition = "if not exists " if listed.name == "public" else ""
            yield whole(listed, f"create schema {condition}{listed.name};", listing)
    for row in rows(cursor, "schema_extension", wanted.oids("pg_extension")):
        listed = listing.objects[Key("pg_extension", row.oid)]
        yield whole(listed, f"create extension if not exists {listed.name} with schema {row.schema};", listing)
