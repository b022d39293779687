"""A session has a transaction open and does nothing.

## What it does
Finds sessions that are `idle in transaction`, also aborted ones, and says what each holds meanwhile: locks, a
transaction id, a snapshot, or nothing but its slot. Sessions of one role, database and application are one finding.

## Why it matters
Whatever it locked stays locked. An `AccessShareLock` of a mere SELECT is enough to hold up an ALTER TABLE, and every
statement that queues up behind that. An open snapshot or transaction id keeps VACUUM from removing dead rows.

## How it is found
By the time since the session's last statement ended (`state_change`): 60 s INFO, 5 min WARNING, 15 min ERROR. Where
another session waits for it, 10 s are a WARNING. An unprivileged role does not see other roles' states: then the
answer is unknown.

## Example
    with psycopg.connect(dsn) as connection:      # a SELECT opens a transaction here as well
        row = connection.execute(query).fetchone()
        requests.post(url, json=row)              # and it stays open during this call

## Instead
Commit before you wait for anything else, or use autocommit for reads. `idle_in_transaction_session_timeout` ends the
sessions of an application that forgets to.

## When to ignore
A person at a prompt, who knows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._sessions import (
    clients,
    end_session,
    group_name,
    holds,
    masked,
    sessions,
    shortened,
    waiters_by_pid,
)
from dbaudit.checks.connection._timeouts import shorter_timeout
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Lock, Slots
from dbaudit.finding import Finding, Severity, Subject
from dbaudit.units import age


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    info_s: float = 60
    warning_s: float = 300
    error_s: float = 900
    blocking_s: float = 10


@check(
    "CON002", name="idle-in-transaction", severity=Severity.WARNING, needs=(Backend, Lock, Slots), options=Options
)
def idle_in_transaction(facts: Facts, options: Options) -> Verdicts:
    waiters = waiters_by_pid(facts)
    groups: dict[str, list[tuple[Severity, Backend]]] = {}
    for backend in clients(facts):
        severity = _severity(backend, bool(waiters.get(backend.pid)), options)
        if severity:
            groups.setdefault(group_name(backend), []).append((severity, backend))
    for name, group in groups.items():
        worst = max(severity for severity, _ in group)
        yield _finding(facts, name, worst, [backend for _, backend in group], waiters)
    yield from masked(facts)


def _severity(backend: Backend, is_waited_for: bool, options: Options) -> Severity | None:
    if not backend.is_idle_in_transaction:
        return None
    idle_s = (backend.state_age_ms or 0) / 1000
    if idle_s >= options.error_s:
        return Severity.ERROR
    if idle_s >= options.warning_s or (is_waited_for and idle_s >= options.blocking_s):
        return Severity.WARNING
    return Severity.INFO if idle_s >= options.info_s else None


def _finding(
    facts: Facts, name: str, severity: Severity, group: list[Backend], waiters: dict[int, list[Backend]]
) -> Finding:
    waiting = len({waiter.pid for backend in group for waiter in waiters.get(backend.pid, ())})
    worst = max(group, key=lambda backend: (len(waiters.get(backend.pid, ())), backend.state_age_ms or 0))
    oldest_ms = max(backend.state_age_ms or 0 for backend in group)
    held = holds(worst, facts[Lock])
    aborted = "an aborted" if worst.state.endswith("(aborted)") else "a"
    if len(group) == 1:
        message = f"{name} has been idle in {aborted} transaction for {age(oldest_ms)} and holds {held}"
    else:
        message = (
            f"{sessions(len(group))} of {name} are idle in a transaction, the longest for {age(oldest_ms)}; "
            f"one holds {held}"
        )
    if waiting:
        message += f"; {sessions(waiting)} wait{'s' if waiting == 1 else ''} for it"
    return Finding(
        code="CON002",
        subject=Subject(kind="backend", name=name),
        message=message,
        severity=severity,
        evidence={
            "time_ms": round(oldest_ms),
            "transaction_ms": round(max(backend.transaction_age_ms or 0 for backend in group)),
            "session_count": len(group),
            "waiting_count": waiting,
            "holds": held,
            "statement": shortened(worst.statement, 200),
        },
        fixes=(*shorter_timeout(facts, worst), end_session(worst, "it" if len(group) == 1 else "that session")),
    )

