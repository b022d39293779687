"""A transaction has been running for a long time.

## What it does
Finds transactions that have been open for 5 minutes (WARNING) or 30 minutes (ERROR) and still do something, and
prepared transactions that nobody finished. Dumps, base backups and maintenance commands are expected to take long:
they are mentioned (INFO) after 30 minutes.

## Why it matters
VACUUM cannot remove a row version that such a transaction might still see, in any table of the database. Its locks
stay until it ends. A prepared transaction holds both without a session, and survives a restart.

## How it is found
By the transaction's age (`xact_start`), less the time it has spent waiting for the lock it waits for now, which is
blocked-sessions' to report. A session that sits idle in its transaction belongs to idle-in-transaction. Autovacuum,
walsenders and parallel workers are not reported.

## Example
    BEGIN;
    UPDATE orders SET … WHERE id = 1;     -- and a million more, one by one
    COMMIT;

## Instead
Commit in batches. Read from a replica or a snapshot of the data for reports. Finish prepared transactions: a
transaction manager that lost them must be told.

## When to ignore
A migration that you are watching.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._prepared import unfinished
from dbaudit.checks.connection._sessions import (
    clients,
    group_name,
    holds,
    lock_wait_ms,
    masked,
    shortened,
    waiters_by_pid,
)
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Lock, PreparedTransaction, Slots
from dbaudit.finding import Finding, Fix, Severity, Subject
from dbaudit.units import age

_BACKUPS = ("pg_dump", "pg_dumpall", "pg_basebackup", "pg_restore", "pgbackrest", "barman")
_MAINTENANCE = ("vacuum", "analyze", "create index", "create unique index", "reindex", "cluster", "refresh material")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`idle_s` and `blocking_idle_s` are where idle-in-transaction begins: from there on it reports the session."""

    warning_s: float = 300
    error_s: float = 1800
    idle_s: float = 60
    blocking_idle_s: float = 10


@check(
    "CON003",
    name="long-running-transaction",
    severity=Severity.WARNING,
    needs=(Backend, Lock, PreparedTransaction, Slots),
    options=Options,
)
def long_running_transaction(facts: Facts, options: Options) -> Verdicts:
    waiters = waiters_by_pid(facts)
    groups: dict[tuple[str, bool], list[tuple[float, Backend]]] = {}
    for backend in clients(facts):
        age_ms = _age_ms(backend, bool(waiters.get(backend.pid)), facts[Lock], options)
        if age_ms is not None and age_ms >= options.warning_s * 1000:
            groups.setdefault((group_name(backend), _takes_long(backend)), []).append((age_ms, backend))
    for (name, is_expected), group in groups.items():
        oldest_ms, backend = max(group, key=lambda item: item[0])
        if not is_expected or oldest_ms >= options.error_s * 1000:
            yield _finding(facts, name, is_expected, len(group), oldest_ms, backend, options)
    yield from unfinished(facts[PreparedTransaction], options)
    yield from masked(facts)


def _age_ms(backend: Backend, is_waited_for: bool, locks: tuple[Lock, ...], options: Options) -> float | None:
    limit_s = options.blocking_idle_s if is_waited_for else options.idle_s
    left_idle = backend.is_idle_in_transaction and (backend.state_age_ms or 0) >= limit_s * 1000
    if backend.transaction_age_ms is None or left_idle:
        return None
    return backend.transaction_age_ms - lock_wait_ms(backend.pid, locks)


def _takes_long(backend: Backend) -> bool:
    statement = " ".join(backend.statement.split()).lower()
    return backend.application.lower().startswith(_BACKUPS) or statement.startswith(_MAINTENANCE)


def _finding(
    facts: Facts, name: str, is_expected: bool, count: int, oldest_ms: float, backend: Backend, options: Options
) -> Finding:
    held = holds(backend, facts[Lock])
    statement = shortened(backend.statement, 100)
    lasts = f"of {name} has been running for {age(oldest_ms)}"
    severity = Severity.ERROR if oldest_ms >= options.error_s * 1000 else Severity.WARNING
    which = f"the oldest of {count} long transactions" if count > 1 else "a transaction"
    message = f"{which} {lasts} and holds {held}: {statement}"
    if is_expected:
        severity, message = Severity.INFO, f"a backup or maintenance command {lasts}: {statement}"
    return Finding(
        code="CON003",
        subject=Subject(kind="backend", name=name),
        message=message,
        severity=severity,
        evidence={"time_ms": round(oldest_ms), "session_count": count, "holds": held, "statement": statement},
        fixes=()
        if is_expected
        else (
            Fix(title="commit in smaller pieces, or move long reads to a replica", applicability="manual"),
            Fix(
                title="cancel what it runs now; the transaction fails and is rolled back",
                statements=(f"SELECT pg_cancel_backend({backend.pid});",),
                applicability="manual",
            ),
        ),
        discriminator="expected" if is_expected else "",
    )
