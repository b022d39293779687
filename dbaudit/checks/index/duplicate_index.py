"""An index that is the same as another.

## What it does
Reports an index that has the same method, keys, order, operator classes, collations, INCLUDE columns and predicate as
another index of the same table or materialized view. The finding is about the one to drop and names the one to keep.

## Why it matters
Every insert, and every update that is not HOT, writes to both; both take disk, cache and vacuum time. The planner uses
only one of them.

## How it is found
The catalogs are compared: key attributes, operator classes, collations, ASC/DESC and NULLS FIRST, included columns,
expressions and predicate. (a) and (a) WHERE p are not twins. Invalid indexes are left to IDX005.

Uniqueness does not tell twins apart, but decides which one stays: first the primary key, then one that foreign keys
refer to, a constraint, the replica identity, a unique index, one attached to a partitioned index, the one CLUSTER
uses; then the shorter name. Never to be dropped are the primary key, what a foreign key or the replica identity
depends on, an index attached to a partitioned one, which goes with its parent and is reported there, and a unique
index whose rule the kept one does not enforce just so (NULLS NOT DISTINCT, DEFERRABLE).

## Example
    CREATE TABLE customers (email text UNIQUE);
    CREATE INDEX customers_email_idx ON customers (email);

## Instead
    DROP INDEX CONCURRENTLY customers_email_idx;
It takes a ShareUpdateExclusiveLock, and waits for transactions that use the table; reads and writes go on. A
constraint, or the index of a partitioned table, can be dropped only under an AccessExclusiveLock, which blocks both on
the table and its partitions for a moment. What names the index, such as ON
CONFLICT ON CONSTRAINT or a hint, must name the other.

## When to ignore
While you replace an index by a new one, for example in another tablespace.
"""

from __future__ import annotations

from dbaudit.checks.index._drop import children_of, drop
from dbaudit.checks.index._locked import unread
from dbaudit.checks.index._twins import Superfluous, duplicates
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index
from dbaudit.finding import Finding, Severity, Subject
from dbaudit.units import size


@check("IDX002", name="duplicate-index", severity=Severity.WARNING, needs=(Index,))
def duplicate_index(facts: Facts) -> Verdicts:
    children = children_of(facts[Index])
    yield from unread(facts[Index])
    for twin in sorted(duplicates(facts[Index]), key=lambda twin: twin.index.qualified):
        yield Finding(
            code="IDX002",
            subject=Subject(kind="index", name=twin.index.qualified),
            message=_message(twin),
            severity=Severity.WARNING,
            evidence={
                "kept": twin.kept.qualified,
                "table": twin.index.table,
                "size_bytes": twin.index.size_bytes,
                "scans_count": twin.index.scans,
                "kept_scans_count": twin.kept.scans,
            },
            fixes=(drop(twin.index, children, f"drop it and keep {twin.kept.qualified}"),),
        )


def _message(twin: Superfluous) -> str:
    kept = "the primary key" if twin.kept.is_primary else "the constraint" if twin.kept.constraint else "the index"
    return f"the same as {kept} {twin.kept.qualified}, for another {size(twin.index.size_bytes)}"
