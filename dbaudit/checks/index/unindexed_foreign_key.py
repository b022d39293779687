"""A foreign key whose referencing columns no index serves.

## What it does
Reports each foreign key for which no index finds the rows that refer to a given one.

## Why it matters
For each row that is deleted from the referenced table, or whose key is updated, PostgreSQL looks for rows that refer to
it. Without an index each look is a scan of the whole referencing table. Joins from the referenced side scan likewise.

## How it is found
An index serves if the planner can use it for `column = $1 AND ...` over all referencing columns and reads no row that
matches only some of them. The referencing columns lead the index, in any order; more columns may follow. It is a btree,
a hash (of one column) or a GiST, valid and ready. Its operator family holds the constraint's equality operator
(text_pattern_ops does) and its collation is the column's own. A partial index serves only where `IS NOT NULL` of the
referencing columns is all its predicate asks. A unique index on some of the referencing columns serves, as it finds at
most one row. INCLUDE columns, expressions, BRIN and GIN do not serve.

Foreign keys that partitions inherit are reported once, at the partitioned table. Its own index serves, and so do those
of all leaf partitions; where some lack one, they are named. What is NOT ENFORCED is not reported.

INFO while both tables have fewer than 1,000 rows; ERROR where both have at least as many and rows of the referenced
table were deleted since the statistics were reset; WARNING otherwise, also where nobody knows how many rows there are.

## Example
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers);

## Instead
    CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
Reads and writes go on; VACUUM, ANALYZE and other DDL wait (ShareUpdateExclusiveLock). A partitioned table's own, empty
index blocks writes for a moment (ShareLock); those of its partitions are built concurrently and then attached, for
which queries of the partition wait a moment (AccessExclusiveLock on its new index). Where most values are NULL the
index leaves them out: should you search for IS NULL too, leave out the WHERE.

## When to ignore
Rows of the referenced table are never deleted, their keys never change, and nobody joins from that side.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks._rows import rows_of
from dbaudit.checks._words import listed
from dbaudit.checks.index._new import NewIndexes, leaves
from dbaudit.checks.index._serving import Serving
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table
from dbaudit.finding import Finding, Severity, Subject, Unknown
from dbaudit.units import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    small_table_rows: int = 1_000
    mostly_null_ratio: float = 0.5


@check(
    "IDX001",
    name="unindexed-foreign-key",
    severity=Severity.WARNING,
    needs=(ForeignKey, Index, Table, OperatorFamily),
    options=Options,
)
def unindexed_foreign_key(facts: Facts, options: Options) -> Verdicts:
    tables = {table.oid: table for table in facts[Table]}
    serving, new = Serving(facts), NewIndexes(facts, options.mostly_null_ratio)
    for key in sorted(facts[ForeignKey], key=lambda key: (key.table, key.name)):
        table = tables.get(key.table_oid)
        if table is None or not key.is_enforced:
            continue
        subject = Subject(kind="table", name=key.table, column=", ".join(key.quoted_columns))
        lacking = serving.unserved(key, table)
        if key.is_temporal:
            yield Unknown(reason=f"{key.name} is a foreign key with PERIOD, which this check cannot judge", subject=subject)
        elif lacking and serving.unread(key, lacking):
            yield Unknown(reason=f"{key.name}: another session's lock hides an index's predicate", subject=subject)
        elif lacking:
            referenced = tables.get(key.referenced_oid)
            yield Finding(
                code="IDX001",
                subject=subject,
                message=_message(key, table, lacking, serving),
                severity=_severity(table, referenced, options),
                evidence=_evidence(key, table, referenced, serving),
                fixes=(new.fix(key, table, lacking, serving),),
                discriminator=f"{key.referenced}({', '.join(key.referenced_columns)})",
            )


def _message(key: ForeignKey, table: Table, lacking: tuple[Table, ...], serving: Serving) -> str:
    where = ""
    if set(lacking) != set(leaves(table, serving)):
        where = f" on {count(len(lacking), 'partition')} ({listed([leaf.qualified for leaf in lacking])})"
    rows = rows_of(table)
    scanned = f"{key.table} ({count(rows, 'row')})" if rows else key.table
    return f"no index{where} serves {key.name}: each delete from {key.referenced} scans the whole of {scanned}"


def _severity(table: Table, referenced: Table | None, options: Options) -> Severity:
    rows = [None if side is None else rows_of(side) for side in (table, referenced)]
    if all(side is not None and side < options.small_table_rows for side in rows):
        return Severity.INFO
    if referenced and referenced.rows_deleted and all(side and side >= options.small_table_rows for side in rows):
        return Severity.ERROR
    return Severity.WARNING


def _evidence(key: ForeignKey, table: Table, referenced: Table | None, serving: Serving) -> dict:
    partial = serving.partly_serving(key)
    return {
        "constraint": key.name,
        "referenced": key.referenced,
        "on_delete": key.on_delete,
        "rows_count": rows_of(table),
        "referenced_rows_count": rows_of(referenced) if referenced else None,
        "referenced_deletes_count": referenced.rows_deleted if referenced else None,
        "size_bytes": table.size_bytes,
        "partly_served_by": partial.qualified if partial else None,
    }
