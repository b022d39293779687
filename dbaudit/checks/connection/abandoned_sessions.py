"""Many sessions end without a good-bye: their client is gone, or a fatal error ends them.

## What it does
Finds databases where 5 % or more of the sessions, and at least 20, were abandoned by their client or ended by a fatal
error.

## Why it matters
Clients that die or give up in the middle of their work have timeouts shorter than their statements, are killed for want
of memory, or lose the network on the way, such as by a firewall that forgets idle connections. The server goes on with
an abandoned statement until it notices.

## How it is found
By `sessions`, `sessions_abandoned` and `sessions_fatal` of pg_stat_database since its statistics were reset, and within
the window where that has seen 100 sessions or more. What an administrator ended (`sessions_killed`) does not count.

## Example
    100 sessions, 12 of them abandoned

## Instead
Close connections; let the pool check them (pre-ping, keepalives); set `statement_timeout` below the client's own, and
`client_connection_check_interval`, so that the server notices. The server's log names each of them.

## When to ignore
Clients that close the socket and mean it, as some drivers and all health checks by TCP do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.sessions import DatabaseSessions
from dbaudit.finding import Finding, Fix, Severity, Subject
from dbaudit.units import age


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    ratio: float = 0.05
    fewest: int = 20
    fewest_sessions: int = 100


@check(
    "CON011", name="abandoned-sessions", severity=Severity.WARNING, needs=(DatabaseSessions,), options=Options
)
def abandoned_sessions(facts: Facts, options: Options) -> Verdicts:
    for counted in facts[DatabaseSessions]:
        yield from _judged(counted, options)


def _judged(counted: DatabaseSessions, options: Options) -> Iterator[Finding]:
    if counted.sessions >= options.fewest_sessions:
        figures = counted.sessions, counted.abandoned, counted.fatal
        since = f"in {counted.window_s:.0f} s"
    else:
        figures = counted.total_sessions, counted.total_abandoned, counted.total_fatal
        known = "" if counted.age_s is None else f" {age(counted.age_s * 1000)} ago"
        since = f"since the statistics were reset{known}"
    sessions, abandoned, fatal = figures
    lost = abandoned + fatal
    if lost < options.fewest or lost < options.ratio * sessions:
        return
    yield Finding(
        code="CON011",
        subject=Subject(kind="database", name=counted.database),
        message=f"{lost:,} of {sessions:,} sessions of {counted.database} ({100 * lost / sessions:.0f} %) ended without a "
        f"good-bye {since}: {abandoned:,} abandoned by their client, {fatal:,} by a fatal error",
        severity=Severity.WARNING,
        evidence={
            "session_count": sessions,
            "abandoned_count": abandoned,
            "fatal_count": fatal,
            "lost_ratio": round(lost / sessions, 3),
        },
        fixes=(
            Fix(title="find the clients in the server's log; close connections, check pooled ones", applicability="manual"),
        ),
    )
