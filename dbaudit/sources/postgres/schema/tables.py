"""The statements that create tables and all that hangs on them, sequences, and views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg

from dbaudit.sources.postgres.schema.listing import Key, Listing, rows
from dbaudit.sources.postgres.schema.part import Part, further, joined, statement, whole
from dbaudit.sources.postgres.schema.selection import Wanted

_IDENTITY = {"a": "always", "d": "by default"}
_GENERATED = {"s": "stored", "v": "virtual"}
# A default that needs nothing else than these is part of its table: it cannot fail alone, nor close a circle.
_PLAIN = ("pg_namespace", "pg_type", "pg_class")


def read_tables(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Sequences, tables, composite types, their defaults, and who inherits from whom. Raises psycopg.Error."""
    tables = {row.oid: row for row in rows(cursor, "schema_table", _of_kind(listing, wanted, "table"))}
    sequences = rows(cursor, "schema_sequence", _of_kind(listing, wanted, "sequence"), tables)
    identities = {(row.owner_oid, row.owner_column): row for row in sequences if row.is_identity}
    columns: defaultdict[Key, list[Any]] = defaultdict(list)
    for row in rows(cursor, "schema_column", tables, wanted.oids("pg_type")):
        columns[Key("pg_type" if row.is_of_type else "pg_class", row.relation_oid)].append(row)
    for row in sequences:
        if not row.is_identity:
            yield from _sequence(row, listing, wanted)
    for key in wanted.keys:
        if key.catalog == "pg_type" and listing.objects[key].kind == "composite":
            listed = listing.objects[key]
            parts = [_typed(column) for column in columns[key]]
            yield whole(listed, f"create type {listed.name} as {joined(parts)};", listing)
    for oid, table in tables.items():
        yield from _table(table, columns[Key("pg_class", oid)], identities, listing)
    yield from _inheritance(listing, wanted, tables)


def read_views(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Views, materialized views without their rows, and rules. Raises psycopg.Error."""
    for row in rows(cursor, "schema_view", _of_kind(listing, wanted, "view", "materialized view")):
        if row.definition is None:
            continue
        listed = listing.objects[Key("pg_class", row.oid)]
        body = row.definition.rstrip().removesuffix(";")
        tail = " with no data" if listed.kind == "materialized view" else ""
        yield whole(listed, f"create {listed.kind} {listed.name}{_options(row.options)} as\n{body}{tail};", listing)
    for row in rows(cursor, "schema_rule", wanted.oids("pg_rewrite")):
        if row.definition is not None:
            yield whole(listing.objects[Key("pg_rewrite", row.oid)], statement(row.definition), listing)


def read_attached(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Constraints, indexes, extended statistics and policies. Raises psycopg.Error."""
    of_constraint: dict[int, Key] = {}
    partitions = {link.child.oid for link in listing.links if link.is_index and link.parent_relation in wanted.keys}
    for row in rows(cursor, "schema_constraint", wanted.oids("pg_constraint")):
        # The server cannot attach the index of an exclusion constraint: the partitions' come with the parent's.
        if row.definition is None or (row.type == "x" and row.index_oid in partitions):
            continue
        listed = listing.objects[Key("pg_constraint", row.oid)]
        if row.domain:
            sql = f"alter domain {row.domain} add constraint {listed.name} {row.definition};"
        else:
            recurses = row.type in "cn" or (row.type in "fx" and row.is_on_partitioned)
            only = "" if recurses else "only "
            sql = f"alter table {only}{listed.relation} add constraint {listed.name} {row.definition};"
        if row.type in "pux":
            of_constraint[row.index_oid] = listed.key
        yield whole(listed, sql, listing)
    for row in rows(cursor, "schema_index", _of_kind(listing, wanted, "index", "invalid index")):
        if row.definition is not None:
            yield whole(listing.objects[Key("pg_class", row.oid)], statement(row.definition), listing)
    yield from _index_attachments(listing, wanted, of_constraint)
    for row in rows(cursor, "schema_statistics", wanted.oids("pg_statistic_ext")):
        if row.definition is not None:
            yield whole(listing.objects[Key("pg_statistic_ext", row.oid)], statement(row.definition), listing)
    for row in rows(cursor, "schema_policy", wanted.oids("pg_policy")):
        listed = listing.objects[Key("pg_policy", row.oid)]
        yield whole(listed, f"create policy {listed.name} on {listed.relation}{_policy(row)};", listing)


def _of_kind(listing: Listing, wanted: Wanted, *kinds: str) -> list[int]:
    return [key.oid for key in wanted.keys if key.catalog == "pg_class" and listing.objects[key].kind in kinds]


def _sequence(row: Any, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    listed = listing.objects[Key("pg_class", row.oid)]
    yield whole(listed, f"create sequence {listed.name} as {row.type} {_sequence_options(row)};", listing)
    owner = Key("pg_class", row.owner_oid)
    if owner in wanted.keys:
        sql = f"alter sequence {listed.name} owned by {row.owner};"
        yield further(Key("owned sequence", row.oid), "sequence ownership", listed.name, sql, {listed.key, owner})


def _sequence_options(row: Any) -> str:
    cycle = " cycle" if row.is_cyclic else ""
    return (
        f"start with {row.start} increment by {row.increment} minvalue {row.minimum} maxvalue {row.maximum}"
        f" cache {row.cache}{cycle}"
    )


def _table(
    table: Any, columns: Iterable[Any], identities: Mapping[tuple[int, int], Any], listing: Listing
) -> Iterator[Part]:
    key = Key("pg_class", table.oid)
    listed = listing.objects[key]
    definitions, needs, inlined, tuned = [], set(), set(), []
    for column in columns:
        words = [_typed(column)]
        identity = identities.get((table.oid, column.number))
        standard = Key("pg_attrdef", column.default_oid or 0)
        if column.generated:
            words.append(f"generated always as ({column.expression}) {_GENERATED[column.generated]}")
        elif column.identity and identity:
            options = f"sequence name {identity.name} {_sequence_options(identity)}"
            words.append(f"generated {_IDENTITY[column.identity]} as identity ({options})")
        elif standard in listing.objects:
            needed = listing.needs.get(standard, frozenset()) - {key}
            if all(each.catalog in _PLAIN for each in needed):
                words.append(f"default {column.expression}")
                needs |= needed
                inlined.add(standard)
            else:
                sql = f"alter table only {listed.name} alter column {column.name} set default {column.expression};"
                yield whole(listing.objects[standard], sql, listing)
        definitions.append(" ".join([*words, *(["not null"] if column.is_not_null else [])]))
        if column.statistics_target is not None:
            tuned.append(f"alter column {column.name} set statistics {column.statistics_target}")
        if column.options:
            tuned.append(f"alter column {column.name} set ({', '.join(column.options)})")
    partition = f" partition by {table.partition_key}" if table.partition_key else ""
    sql = f"create table {listed.name} {joined(definitions)}{partition}{_options(table.options)};"
    made = whole(listed, sql, listing)
    yield Part(key=made.key, object=made.object, rank=made.rank, needs=made.needs | needs)
    yield from _after(table, key, listed.name, tuned)


def _after(table: Any, key: Key, name: str, tuned: list[str]) -> Iterator[Part]:
    if tuned:
        sql = f"alter table only {name} {', '.join(tuned)};"
        yield further(Key("column options", table.oid), "column options", name, sql, {key}, name)
    if table.has_row_security:
        force = ", force row level security" if table.forces_row_security else ""
        sql = f"alter table {name} enable row level security{force};"
        yield further(Key("row security", table.oid), "row security", name, sql, {key}, name)


def _typed(column: Any) -> str:
    collation = f" collate {column.collation}" if column.collation else ""
    return f"{column.name} {column.type}{collation}"


def _options(options: Iterable[str] | None) -> str:
    """reloptions are name=value, the value unquoted."""
    if not options:
        return ""
    pairs = (option.partition("=") for option in options)
    return " with (" + ", ".join(f"{name}='" + value.replace("'", "''") + "'" for name, _, value in pairs) + ")"


def _inheritance(listing: Listing, wanted: Wanted, tables: Mapping[int, Any]) -> Iterator[Part]:
    before: dict[Key, Key] = {}
    for link in sorted(listing.links, key=lambda each: (each.child, each.position)):
        if link.is_index or link.child not in wanted.keys or link.parent not in wanted.keys:
            continue
        if link.is_partition:
            bounds = tables[link.child.oid].bounds
            sql = f"alter table only {link.parent_name} attach partition {link.name} {bounds};"
        else:
            sql = f"alter table only {link.name} inherit {link.parent_name};"
        key = Key(f"inheritance {link.position}", link.child.oid)
        needs = {link.child, link.parent} | ({before[link.child]} if link.child in before else set())
        before[link.child] = key
        yield further(key, "inheritance", f"{link.name} {link.parent_name}", sql, needs, link.parent_name)


def _index_attachments(listing: Listing, wanted: Wanted, of_constraint: Mapping[int, Key]) -> Iterator[Part]:
    for link in listing.links:
        if not link.is_index:
            continue
        child = of_constraint.get(link.child.oid, link.child)
        parent = of_constraint.get(link.parent.oid, link.parent)
        if child in wanted.keys and parent in wanted.keys:
            sql = f"alter index {link.parent_name} attach partition {link.name};"
            key = Key("index attachment", link.child.oid)
            yield further(key, "index attachment", link.name, sql, {child, parent}, listing.objects[parent].relation)


_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


def _policy(row: Any) -> str:
    words = ["" if row.is_permissive else " as restrictive", f" for {_COMMANDS[row.command]}", f" to {', '.join(row.roles)}"]
    words += [f" using ({row.using})"] if row.using else []
    words += [f" with check ({row.with_check})"] if row.with_check else []
    return "".join(words)
