"""A table without a primary key.

## What it does
Reports ordinary and partitioned tables that have no primary key, and names a unique index that could become one.

## Why it matters
Nothing keeps the same row from being there twice, and nothing names one row to update or delete. Logical replication
refuses updates and deletes of a table without a replica identity, which is the primary key unless another is set.
Most ORMs, and tools that change tables online, need one.

## How it is found
pg_index.indisprimary. A partition is not reported: its partitioned table is. INFO while the table has fewer than
1,000 rows; temporary tables and those of extensions are left out.

An index can be promoted if it is a valid, immediate unique btree without predicate and expressions, whose keys are NOT
NULL columns in their default order, operator class and collation. An index that a UNIQUE constraint owns cannot: it is
named, and the constraint has to go first. On a partitioned table no index can be promoted.

## Example
    CREATE TABLE events (id bigint NOT NULL, payload jsonb);
    CREATE UNIQUE INDEX events_id_idx ON events (id);

## Instead
    ALTER TABLE events ADD CONSTRAINT events_id_idx PRIMARY KEY USING INDEX events_id_idx;
It takes an AccessExclusiveLock, which blocks reads and writes, for a moment only. Where there is no such index, make
one with CREATE UNIQUE INDEX CONCURRENTLY on columns that are NOT NULL and identify a row, or add an identity column,
which rewrites the table under the same lock.

## When to ignore
A log or a staging table whose rows are only appended and read in bulk.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks._rows import rows_of
from dbaudit.checks.index._drop import children_of, recreate, unqualified
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.finding import Finding, Fix, Severity, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    small_table_rows: int = 1_000


@check("TBL001", name="table-without-primary-key", severity=Severity.WARNING, needs=(Table, Index), options=Options)
def table_without_primary_key(facts: Facts, options: Options) -> Verdicts:
    keyed = {index.table_oid for index in facts[Index] if index.is_primary}
    unique: dict[int, list[Index]] = {}
    candidates = [index for index in facts[Index] if index.table_oid not in keyed and _identifies_rows(index)]
    for index in sorted(candidates, key=lambda index: (bool(index.constraint), len(index.key_columns), index.name)):
        unique.setdefault(index.table_oid, []).append(index)
    for table in sorted(facts[Table], key=lambda table: table.qualified):
        if table.oid in keyed or table.parent_oid:
            continue
        rows = rows_of(table)
        candidate = next(iter(unique.get(table.oid, ())), None)
        yield Finding(
            code="TBL001",
            subject=Subject(kind="table", name=table.qualified),
            message="no primary key" + (f"; {candidate.qualified} is unique and NOT NULL" if candidate else ""),
            severity=Severity.INFO if rows is not None and rows < options.small_table_rows else Severity.WARNING,
            evidence={
                "rows_count": rows,
                "size_bytes": table.size_bytes,
                "unique_index": candidate.qualified if candidate else None,
            },
            fixes=(_fix(table, candidate),),
        )


def _identifies_rows(index: Index) -> bool:
    """Whether PostgreSQL takes it for PRIMARY KEY USING INDEX, but for a constraint that owns it already."""
    plain = index.is_unique and index.is_valid and index.is_immediate and not index.nulls_not_distinct
    whole = index.method == "btree" and not (index.predicate or index.is_unread) and 0 not in index.key_attributes
    ordered = not any(index.options) and all(index.default_opclasses) and index.collations == index.column_collations
    return plain and whole and ordered and all(index.keys_not_null)


def _fix(table: Table, candidate: Index | None) -> Fix:
    if candidate is None:
        return Fix(title="declare the columns that identify a row, or add an identity column", applicability="manual")
    if candidate.constraint or table.is_partitioned:
        return Fix(title=f"declare the columns of {candidate.qualified} as the primary key", applicability="manual")
    name = unqualified(candidate)
    return Fix(
        title=f"promote {candidate.qualified}",
        statements=(f"ALTER TABLE {table.qualified} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name};",),
        lock="AccessExclusiveLock",
        undo=(
            f"ALTER TABLE {table.qualified} DROP CONSTRAINT {name};",
            *recreate(candidate, children_of(())),
        ),
    )
