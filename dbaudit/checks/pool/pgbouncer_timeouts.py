"""PgBouncer lets clients wait for ever, uses connections once, or takes fewer clients than there are.

## What it does
Reads `query_wait_timeout`, `server_lifetime` and `max_client_conn` of PgBouncer, and compares the last with what the
services that connect through it may open together.

## Why it matters
With `query_wait_timeout = 0` a query that waits for a server connection waits until somebody gives up: an outage becomes
a queue. With `server_lifetime = 0` each server connection is closed after its first use, so that nothing is pooled.
A client beyond `max_client_conn` is refused: "no more connections allowed (max_client_conn)".

## How it is found
From `pgbouncer.ini`, with PgBouncer's own defaults (120 seconds, 3600 seconds, 100 clients) for what it does not set.
The services' connections are the sum of their pools at their largest, in the steady state and while a deploy rolls.

## Example
    max_client_conn = 100, and api: 8 instances × 4 workers × 10 = 320

## Instead
Let `max_client_conn` be above the sum of the services' pools: a client costs PgBouncer some kilobytes. Keep
`query_wait_timeout` below the timeout of the requests that wait.

## When to ignore
`max_client_conn` where several PgBouncers share the clients.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbaudit.checks.pool._terms import largest, not_whole
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.budget import Figure, PoolerSettings
from dbaudit.facts.budget_sum import Sum, of_others
from dbaudit.finding import Finding, Fix, Scalar, Severity, Subject

_ZEROS = {
    "query_wait_timeout": "query_wait_timeout is 0: a query waits for a connection without end",
    "server_lifetime": "server_lifetime is 0: each server connection is closed after its first use",
}


@check("POL006", name="pgbouncer-timeouts", severity=Severity.WARNING, needs=(PoolerSettings,))
def pgbouncer_timeouts(facts: Facts) -> Verdicts:
    for settings in facts[PoolerSettings]:
        yield from _zero(settings, "query_wait_timeout", settings.query_wait_timeout_s)
        yield from _zero(settings, "server_lifetime", settings.server_lifetime_s)
        clients = of_others(facts).get(settings.pooler, Sum(terms=()))
        most = settings.max_client_conn.value
        if most is not None and clients.rolling > most:
            yield _too_many(settings, clients, most)
        elif clients.terms and not clients.is_whole_rolling:
            yield not_whole(clients)


def _zero(settings: PoolerSettings, name: str, figure: Figure) -> Iterator[Finding]:
    if figure.value == 0:
        yield _finding(settings, name, f"{_ZEROS[name]} ({figure.place})", {"value_s": 0}, f"give {name} its default back")


def _too_many(settings: PoolerSettings, clients: Sum, most: int) -> Finding:
    is_steady = clients.steady > most
    count = clients.steady if is_steady else clients.rolling
    when = "" if is_steady else "while a deploy rolls "
    at_least = "" if clients.is_whole else "at least "
    message = (
        f"{when}the services may open {at_least}{count:,} connections to {settings.pooler}, which takes {most:,} "
        f"(max_client_conn, {settings.max_client_conn.place}): {largest(clients.terms, rolling=not is_steady)}"
    )
    evidence = {"steady_count": clients.steady, "rolling_count": clients.rolling, "max_client_count": most}
    return _finding(settings, "max_client_conn", message, evidence, "raise max_client_conn above the sum of the pools")


def _finding(
    settings: PoolerSettings, name: str, message: str, evidence: dict[str, Scalar], fix: str
) -> Finding:
    return Finding(
        code="POL006",
        subject=Subject(kind="pooler", name=settings.pooler),
        message=message,
        severity=Severity.WARNING,
        evidence=evidence,
        fixes=(Fix(title=fix, applicability="manual"),),
        discriminator=name,
    )
