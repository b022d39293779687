"""The statements that create types, collations and what belongs to text search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbaudit.sources.postgres.schema.listing import Key, Listed, Listing, rows
from dbaudit.sources.postgres.schema.part import Part, further, joined, whole
from dbaudit.sources.postgres.schema.selection import Wanted

_STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
_ALIGNMENT = {"c": "char", "s": "int2", "i": "int4", "d": "double"}


def read_types(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Collations, enums, domains, ranges, base types with their shells. Raises psycopg.Error."""
    for row in rows(cursor, "schema_collation", wanted.oids("pg_collation")):
        yield _made(listing, "pg_collation", row.oid, f"create collation {{}} {joined(_collation(row))};")
    types = wanted.oids("pg_type")
    for row in rows(cursor, "schema_enum", types):
        yield _made(listing, "pg_type", row.oid, f"create type {{}} as enum {joined(row.labels)};")
    for row in rows(cursor, "schema_domain", types):
        yield _made(listing, "pg_type", row.oid, f"create domain {{}} as {_domain(row)};")
    for row in rows(cursor, "schema_range", types):
        listed = listing.objects[Key("pg_type", row.oid)]
        if row.canonical:
            yield _shell(listed, listing)
        yield whole(listed, f"create type {listed.name} as range {joined(_range(row))};", listing)
    for row in rows(cursor, "schema_base_type", types):
        listed = listing.objects[Key("pg_type", row.oid)]
        yield _shell(listed, listing)
        yield whole(listed, f"create type {listed.name} {joined(_base_type(row))};", listing)


def read_text_search(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Text search dictionaries and configurations. Raises psycopg.Error."""
    configured: set[Key] = set()
    for row in rows(cursor, "schema_text_search", wanted.oids("pg_ts_dict"), wanted.oids("pg_ts_config")):
        listed = listing.objects[Key(row.class_, row.oid)]
        if listed.key not in configured:
            configured.add(listed.key)
            options = [row.source, *([row.options] if row.options else [])]
            yield whole(listed, f"create {listed.kind} {listed.name} {joined(options)};", listing)
        if row.tokens:
            tokens, dictionaries = ", ".join(row.tokens), ", ".join(row.dictionaries)
            yield further(
                Key(f"mapping {dictionaries}", row.oid),
                "text search mapping",
                f"{listed.name} {dictionaries}",
                f"alter {listed.kind} {listed.name} add mapping for {tokens} with {dictionaries};",
                {listed.key} | listing.needs.get(listed.key, frozenset()),
            )


def _made(listing: Listing, catalog: str, oid: int, template: str) -> Part:
    """`template` has {} for the name."""
    listed = listing.objects[Key(catalog, oid)]
    head, _, tail = template.partition("{}")
    return whole(listed, head + listed.name + tail, listing)


def shell_of(key: Key) -> Key:
    """What stands for a type until its functions are there."""
    return Key("shell type", key.oid)


def _shell(listed: Listed, listing: Listing) -> Part:
    schemas = {key for key in listing.needs.get(listed.key, ()) if key.catalog == "pg_namespace"}
    return further(shell_of(listed.key), "shell type", listed.name, f"create type {listed.name};", schemas)


def _collation(row: Any) -> list[str]:
    provider = {"i": "icu", "c": "libc", "b": "builtin"}.get(row.provider, "libc")
    places = [f"locale = {row.locale}"] if row.locale else [f"lc_collate = {row.collate}", f"lc_ctype = {row.ctype}"]
    if row.provider == "i" and not row.locale:
        places = [f"locale = {row.collate}"]
    rules = [f"rules = {row.rules}"] if row.rules else []
    return [f"provider = {provider}", *places, *rules, *([] if row.is_deterministic else ["deterministic = false"])]


def _domain(row: Any) -> str:
    words = [row.type]
    words += [f"collate {row.collation}"] if row.collation else []
    words += [f"default {row.standard}"] if row.standard else []
    words += ["not null"] if row.is_not_null else []
    return " ".join(words)


def _range(row: Any) -> list[str]:
    options = {
        "subtype": row.subtype, "subtype_opclass": row.opclass, "collation": row.collation,
        "canonical": row.canonical, "subtype_diff": row.difference, "multirange_type_name": row.multirange,
    }
    return [f"{name} = {value}" for name, value in options.items() if value]


def _base_type(row: Any) -> list[str]:
    options: list[str] = list(row.routines)
    options.append(f"internallength = {'variable' if row.length == -1 else row.length}")
    options.append(f"alignment = {_ALIGNMENT[row.alignment]}")
    options.append(f"storage = {_STORAGE[row.storage]}")
    options.append("category = '" + row.category.replace("'", "''") + "'")
    options.append("delimiter = '" + row.delimiter.replace("'", "''") + "'")
    options += ["passedbyvalue"] if row.is_passed_by_value else []
    options += ["preferred = true"] if row.is_preferred else []
    options += ["collatable = true"] if row.is_collatable else []
    options += [f"default = {row.standard}"] if row.standard else []
    options += [f"element = {row.element}"] if row.element else []
    return options
