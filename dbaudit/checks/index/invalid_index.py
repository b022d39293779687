"""An index that is not valid, and that nobody is building.

## What it does
Reports indexes that a failed CREATE INDEX CONCURRENTLY, REINDEX CONCURRENTLY or DROP INDEX CONCURRENTLY left behind,
and indexes of partitioned tables that some partition has no part of.

## Why it matters
The planner does not use an invalid index, though most are still written by every insert and update, and a unique one
goes on to refuse duplicates. Whoever made it believes it is there.

## How it is found
pg_index.indisvalid is false, and no session builds, rebuilds or concurrently drops an index there at this moment:
pg_stat_progress_create_index, or for roles that it hides its tables from, the locks of the session. On a standby that
cannot be seen, and the verdict is unknown.

Indexes attached to a partitioned one are reported too; their parent stays invalid until they are valid.

## Example
    CREATE UNIQUE INDEX CONCURRENTLY customers_email_key ON customers (email);
    ERROR:  could not create unique index "customers_email_key"

## Instead
Where REINDEX CONCURRENTLY left it (the name ends in _ccnew or _ccold, and perhaps digits), or a drop did not finish
(pg_index.indislive or indisready is false), the original is there or not wanted: drop it.
    DROP INDEX CONCURRENTLY customers_email_key;
Otherwise somebody wanted it. Mend what stopped it, such as duplicate rows, and build it again in place:
    REINDEX INDEX CONCURRENTLY customers_email_key;
Both take a ShareUpdateExclusiveLock: reads and writes go on. Should REINDEX fail again it leaves another invalid index,
with _ccnew. A partitioned index becomes valid by ALTER INDEX ... ATTACH PARTITION for each partition that lacks one.

## When to ignore
Never: drop it or build it.
"""

from __future__ import annotations

import re

from dbaudit.checks._words import listed
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.server import Server
from dbaudit.finding import Finding, Fix, Severity, Subject, Unknown
from dbaudit.units import size


@check("IDX005", name="invalid-index", severity=Severity.WARNING, needs=(Index, Table, Server))
def invalid_index(facts: Facts) -> Verdicts:
    (server,) = facts[Server]
    for index in sorted(facts[Index], key=lambda index: index.qualified):
        subject = Subject(kind="index", name=index.qualified)
        if index.is_valid or index.is_being_built:
            continue
        if server.in_recovery:
            reason = "it is not valid, and a standby does not see whether it is being built"
            yield Unknown(reason=reason, remedy="ask the primary", subject=subject)
        elif index.is_partitioned:
            yield _finding(index, _without_part(index, facts), ())
        elif _is_left_over(index):
            message = "left behind by a REINDEX or DROP INDEX CONCURRENTLY that did not finish"
            yield _finding(index, message, (_drop(index, "drop it"),))
        else:
            message = f"a CREATE INDEX CONCURRENTLY that failed left {size(index.size_bytes)} that no query can use"
            attached = bool(index.parent_oid or index.constraint)
            fixes = (_rebuild(index),) if attached else (_rebuild(index), _drop(index, "drop it, if it is not wanted"))
            yield _finding(index, message, fixes)


def _finding(index: Index, message: str, fixes: tuple[Fix, ...]) -> Finding:
    return Finding(
        code="IDX005",
        subject=Subject(kind="index", name=index.qualified),
        message=f"not valid: {message}",
        severity=Severity.WARNING,
        evidence={"table": index.table, "size_bytes": index.size_bytes, "is_unique": index.is_unique},
        fixes=fixes,
    )


def _is_left_over(index: Index) -> bool:
    return not index.is_live or bool(re.search(r"_cc(new|old)[0-9]*$", index.name))


def _without_part(index: Index, facts: Facts) -> str:
    """Which partitions keep the index of a partitioned table from being valid."""
    attached = {part.table_oid: part for part in facts[Index] if part.parent_oid == index.oid}
    partitions = [table for table in facts[Table] if table.parent_oid == index.table_oid]
    partitions.sort(key=lambda table: table.qualified)
    lacking = [table.qualified for table in partitions if table.oid not in attached]
    broken = [part.qualified for part in attached.values() if not part.is_valid]
    reasons = [f"no index of {listed(lacking)} is attached to it"] if lacking else []
    reasons += [f"{listed(sorted(broken))} is not valid"] if broken else []
    return " and ".join(reasons) or "it was never attached as a whole"


def _rebuild(index: Index) -> Fix:
    return Fix(
        title="mend what stopped it, then build it again",
        statements=(f"REINDEX INDEX CONCURRENTLY {index.qualified};",),
        lock="ShareUpdateExclusiveLock",
        in_transaction=False,
    )


def _drop(index: Index, title: str) -> Fix:
    return Fix(
        title=title,
        statements=(f"DROP INDEX CONCURRENTLY {index.qualified};",),
        lock="ShareUpdateExclusiveLock",
        in_transaction=False,
    )
