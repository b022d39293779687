"""Clients open a connection for every few transactions, and close it again.

## What it does
Finds databases to which clients connect at least once a second, and at least once for every five transactions.

## Why it matters
A new connection costs the server a process, authentication and cold caches: milliseconds, where a short query takes
a fraction of one. With TLS and SCRAM a connection per query was measured at a 187th of the throughput of a kept one.

## How it is found
By the server's own counters, `sessions`, `xact_commit` and `xact_rollback` of pg_stat_database, between the first look
and the last. Looking at pg_stat_activity does not find it: such sessions are gone before anybody looks. Where the
figures come from a window of less than 10 seconds the confidence is medium: `--watch` looks longer. Behind a pooler
only the pooler's own connections reach the server: what its clients do is then unknown.

## Example
    def handler(request):
        with psycopg.connect(dsn) as connection:      # once for each request
            ...

## Instead
A pool in each process, opened once, or PgBouncer in front of applications that cannot keep one. In Django, CONN_MAX_AGE.

## When to ignore
Jobs that are started often and live shortly, where nobody waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.sessions import ClientPath, ConnectCost, DatabaseSessions
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject, Unknown
from dbaudit.units import milliseconds

_LONG_WINDOW_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    sessions_per_s: float = 1
    sessions_per_transaction: float = 0.2
    fewest: int = 5


@check(
    "CON005",
    name="connection-churn",
    severity=Severity.WARNING,
    needs=(DatabaseSessions, ClientPath),
    options=Options,
)
def connection_churn(facts: Facts, options: Options) -> Verdicts:
    found = [counted for counted in facts[DatabaseSessions] if _is_churn(counted, options)]
    for counted in found:
        yield _finding(facts, counted)
    for counted in facts[DatabaseSessions]:
        if counted.has_restarted:
            yield Unknown(
                reason=f"the statistics of database {counted.database} were reset while we looked", remedy="look again"
            )
    if not found and facts[ClientPath][0].is_pooled:
        yield Unknown(
            reason="something between us and the server pools connections: what its clients open and close cannot be seen",
            remedy="connect to the server itself as well, and look at the pooler's own statistics",
        )


def _is_churn(counted: DatabaseSessions, options: Options) -> bool:
    is_often = counted.sessions >= max(options.fewest, options.sessions_per_s * counted.window_s)
    return is_often and counted.sessions >= options.sessions_per_transaction * counted.transactions


def _finding(facts: Facts, counted: DatabaseSessions) -> Finding:
    per_s = counted.sessions / counted.window_s
    each = counted.transactions / counted.sessions
    cost = next(iter(facts.get(ConnectCost)), None)
    takes = f"; connecting takes {milliseconds(cost.connect_ms)} from here" if cost else ""
    return Finding(
        code="CON005",
        subject=Subject(kind="database", name=counted.database),
        message=f"clients open {per_s:,.1f} connections a second to {counted.database}, one for every {each:,.1f} "
        f"transactions ({counted.sessions:,} in {counted.window_s:.0f} s){takes}",
        severity=Severity.WARNING,
        evidence={
            "session_count": counted.sessions,
            "transaction_count": counted.transactions,
            "window_s": round(counted.window_s, 1),
            "sessions_per_s": round(per_s, 2),
            "sessions_per_transaction_ratio": round(counted.sessions / max(1, counted.transactions), 3),
        },
        fixes=(
            Fix(title="keep connections: a pool in each process, or PgBouncer in front", applicability="manual"),
        ),
        confidence=Confidence.HIGH if counted.window_s >= _LONG_WINDOW_S else Confidence.MEDIUM,
    )
