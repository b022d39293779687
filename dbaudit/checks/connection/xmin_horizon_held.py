"""For a long time VACUUM could not remove dead rows, because somebody might still want to see them.

## What it does
Names what holds the horizon back furthest, where it has done so for 1 hour (WARNING) or 24 hours (ERROR): a session's
transaction, a prepared transaction, an unused replication slot, or a standby with hot_standby_feedback.

## Why it matters
Dead rows stay, in every table of the database or of all: tables and indexes bloat, scans slow down, autovacuum works
again and again for nothing, and in the end transaction ids run out.

## How it is found
By the transaction ids of pg_stat_activity, pg_prepared_xacts, pg_replication_slots and pg_stat_replication. Only the
one that holds back furthest is reported: to end another would change nothing. A slot says since when it is unused from
PostgreSQL 17 on. Where there is no time to go by, 5 million transactions are a WARNING and 100 million an ERROR: for
standbys, slots before 17, and sessions of other roles without pg_monitor, whose times are masked and so remain unknown.

## Example
    SELECT slot_name, active, age(catalog_xmin) FROM pg_replication_slots;

## Instead
Drop slots that nobody reads, finish prepared transactions, read long reports from a replica without feedback.
`max_slot_wal_keep_size` limits what a forgotten slot costs in WAL, `idle_replication_slot_timeout` (PostgreSQL 18) ends it.

## When to ignore
A dump or a migration that you are watching.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._horizon import Holder, holders
from dbaudit.checks.connection._sessions import masked
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, PreparedTransaction, Slots
from dbaudit.facts.sessions import ReplicationHorizon
from dbaudit.finding import Finding, Severity
from dbaudit.units import age, count


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    warning_h: float = 1
    error_h: float = 24
    warning_transactions: int = 5_000_000
    error_transactions: int = 100_000_000


@check(
    "CON009",
    name="xmin-horizon-held",
    severity=Severity.WARNING,
    needs=(Backend, Slots, PreparedTransaction, ReplicationHorizon),
    options=Options,
)
def xmin_horizon_held(facts: Facts, options: Options) -> Verdicts:
    found = holders(facts)
    for index, holder in enumerate(found):
        severity = _severity(holder, options)
        if severity:
            yield _finding(holder, found[index + 1 :], severity)
            break
    yield from masked(facts)


def _severity(holder: Holder, options: Options) -> Severity | None:
    if holder.age_ms is not None:
        held, warning, error = holder.age_ms / 3_600_000, options.warning_h, options.error_h
    else:
        held, warning, error = holder.xid_age, options.warning_transactions, options.error_transactions
    return Severity.ERROR if held >= error else Severity.WARNING if held >= warning else None


def _finding(holder: Holder, others: list[Holder], severity: Severity) -> Finding:
    since = "" if holder.age_ms is None else f" for {age(holder.age_ms)}"
    rows = "rows of the system catalogs" if holder.is_catalog_only else "rows"
    after = f"; after it comes {others[0].what}, {count(others[0].xid_age, 'transaction')} back" if others else ""
    return Finding(
        code="CON009",
        subject=holder.subject,
        message=f"{holder.what} has kept VACUUM{since} from removing {rows} that the last "
        f"{count(holder.xid_age, 'transaction')} deleted{after}",
        severity=severity,
        evidence={
            "time_ms": None if holder.age_ms is None else round(holder.age_ms),
            "xid_age_count": holder.xid_age,
            "holder_count": len(others) + 1,
        },
        fixes=(holder.fix,),
    )
