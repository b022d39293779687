"""An index that no query has used in a long time, or hardly any.

## What it does
Reports an index of 1 MB and more that was never scanned since the statistics began; or not for 35 days (16 and later);
or, as INFO, at most once for each 100 rows written to its table and in less than a tenth of the table's scans.

## Why it matters
Every insert, and every update that is not HOT, writes to it; it takes disk, cache and vacuum time, and keeps updates of
its columns from being HOT.

## How it is found
pg_stat_all_indexes.idx_scan, on the server that is asked. The verdict is unknown while the statistics are known to be
younger than 14 days: PostgreSQL 15 and later do not say when they began, so the age is that of the oldest vacuum,
analyze or scan they remember. It is unknown on a standby, and where standbys are connected, whose queries are counted
there and not here; a replica that reads archived WAL or the provider's storage is not seen, so think of it yourself. It
is unknown, too, for a table that was not used at all, and nobody knows whether an index is younger than the statistics.

Never reported: a unique index, a constraint, the replica identity, an index that serves a foreign key, and what IDX002
or IDX003 drops anyway; the scans of those are counted for the index that stays. A partitioned index is judged by the sum
over its parts, and reported once.

## Example
    SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_note_idx';  -- 0

## Instead
    DROP INDEX CONCURRENTLY orders_note_idx;
It takes a ShareUpdateExclusiveLock and waits for transactions that use the table; reads and writes go on. The index of
a partitioned table needs an AccessExclusiveLock, also on its partitions, and blocks both. The statistics of an indexed
expression go with it, and may have served plans that do not use the index: CREATE STATISTICS keeps them.

## When to ignore
It is for a yearly report, an emergency, a query that is yet to come, or a standby that is not seen here.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.index._drop import children_of, drop
from dbaudit.checks.index._idle import Suspect, describe, suspects, why_unknown
from dbaudit.checks.index._locked import unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Standby, Table
from dbaudit.facts.server import Server
from dbaudit.finding import Confidence, Finding, Severity, Subject, Unknown
from dbaudit.units import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`minimum_statistics_age_days` 0 believes the statistics however young they are."""

    minimum_statistics_age_days: float = 14
    minimum_size_bytes: int = 1024 * 1024
    idle_days: float = 35
    writes_per_scan: int = 100
    share_of_scans_ratio: float = 0.1


@check(
    "IDX004",
    name="unused-index",
    severity=Severity.WARNING,
    needs=(Index, Table, ForeignKey, OperatorFamily, Server, Standby),
    options=Options,
)
def unused_index(facts: Facts, options: Options) -> Verdicts:
    (server,) = facts[Server]
    children = children_of(facts[Index])
    suspected = [suspect for suspect in suspects(facts, options.minimum_size_bytes) if _severity(suspect, options)]
    if suspected and (unknown := why_unknown(server, facts[Standby], options.minimum_statistics_age_days)):
        yield unknown
        return
    idle = sorted({suspect.index.table for suspect in suspected if not suspect.was_table_used})
    if idle:
        yield Unknown(reason=f"{count(len(idle), 'table')} had no work at all, so that nobody missed an index: {idle[0]}")
    yield from unread(suspect.index for suspect in suspected)
    for suspect in suspected:
        if suspect.was_table_used and not suspect.index.is_unread:
            yield Finding(
                code="IDX004",
                subject=Subject(kind="index", name=suspect.index.qualified),
                message=describe(suspect, server),
                severity=_severity(suspect, options) or Severity.INFO,
                confidence=Confidence.MEDIUM,
                evidence={
                    "table": suspect.index.table,
                    "size_bytes": suspect.index.size_bytes,
                    "scans_count": suspect.scans,
                    "writes_count": suspect.writes,
                    "last_scan_age_s": suspect.last_scan_age_s,
                    "statistics_age_s": server.statistics_age_s,
                },
                fixes=(drop(suspect.index, children, "drop it", "the speed of what may yet use it"),),
            )


def _severity(suspect: Suspect, options: Options) -> Severity | None:
    """WARNING for what is not used, INFO for what is used too rarely for its writes, None for what is used."""
    age_s = suspect.last_scan_age_s
    if not suspect.scans or (age_s is not None and age_s >= options.idle_days * 86400):
        return Severity.WARNING
    seldom = suspect.scans * options.writes_per_scan <= suspect.writes
    if seldom and suspect.scans < options.share_of_scans_ratio * suspect.table_scans:
        return Severity.INFO
    return None
