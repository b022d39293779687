"""A new connection costs many times what a query on a kept one does.

## What it does
Compares what `--connect-cost` measured: a new connection, with its parts, and one query on a connection that was kept.
20 times as much is INFO; where clients also open connections all the time it is a WARNING.

## Why it matters
Whoever connects for each request pays this each time, before the first query, and the server pays for a process.

## How it is found
Five connections, one after another, each closed before the next; medians. The parts are TCP, TLS, and authentication
with the start of the backend, which the server answers together. The query is a look-up by primary key in a catalog.
Through a pooler it is the pooler's connection that is measured: the server's own cannot be seen from there. Nothing is
measured without `--connect-cost`.

## Example
    TCP 0.2 ms, TLS 9 ms, authentication and start 7 ms; a query 0.05 ms: 320 times as much

## Instead
Keep connections. TLS takes round trips and arithmetic: a pooler near the application pays for them once. Reduce round
trips by having application and server near each other.

## When to ignore
Where a pool keeps connections, and they live long.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.sessions import ClientPath, ConnectCost, DatabaseSessions
from dbaudit.finding import Finding, Fix, Severity, Subject
from dbaudit.units import milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    ratio: float = 20
    sessions_per_s: float = 1
    sessions_per_transaction: float = 0.2
    fewest: int = 5


@check("CON012", name="slow-connect", severity=Severity.INFO, needs=(ConnectCost,), options=Options)
def slow_connect(facts: Facts, options: Options) -> Verdicts:
    cost = facts[ConnectCost][0]
    ratio = cost.connect_ms / cost.query_ms if cost.query_ms else 0.0
    if ratio < options.ratio:
        return
    per_s = _opened_per_s(facts, options)
    spent = milliseconds(per_s * cost.connect_ms)
    busy = f"; clients open {per_s:,.1f} a second, which is {spent} of connecting in each" if per_s else ""
    whose = "the pooler" if any(path.is_pooled for path in facts.get(ClientPath)) else "the server"
    parts = ("TCP", cost.tcp_ms), ("TLS", cost.tls_ms), ("authentication and start", cost.login_ms)
    shown = ", ".join(f"{name} {milliseconds(value)}" for name, value in parts if value)
    yield Finding(
        code="CON012",
        subject=Subject(kind="server", name="connecting"),
        message=f"connecting to {whose} takes {milliseconds(cost.connect_ms)} ({shown}), a query on a kept connection "
        f"{milliseconds(cost.query_ms)}: {ratio:,.0f} times as much{busy}",
        severity=Severity.WARNING if per_s else Severity.INFO,
        evidence={
            "time_ms": round(cost.connect_ms, 3),
            "tcp_ms": round(cost.tcp_ms, 3),
            "tls_ms": round(cost.tls_ms, 3),
            "login_ms": round(cost.login_ms, 3),
            "query_ms": round(cost.query_ms, 3),
            "connect_to_query_ratio": round(ratio, 1),
        },
        fixes=(Fix(title="keep connections in a pool", applicability="manual"),),
    )


def _opened_per_s(facts: Facts, options: Options) -> float:
    """Connections a second, where clients open one for every few transactions."""
    rows = facts.get(DatabaseSessions)
    opened = sum(row.sessions for row in rows)
    window_s = max((row.window_s for row in rows), default=0)
    is_often = bool(window_s) and opened >= max(options.fewest, options.sessions_per_s * window_s)
    is_churn = opened >= options.sessions_per_transaction * sum(row.transactions for row in rows)
    return opened / window_s if is_often and is_churn else 0.0
