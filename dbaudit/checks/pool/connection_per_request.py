"""A connection is opened for every request, task or iteration.

## What it does
Reports a call of psycopg.connect, psycopg2.connect, asyncpg.connect or aiopg.connect that is reached from a route, a view,
a task or a loop over rows, and a Django database without CONN_MAX_AGE and without a pool.

## Why it matters
A connection costs the server a process, an authentication and often a TLS handshake: 3 to 30 ms, where a query by primary
key takes 0.03 ms. Under load the opened connections add up until max_connections refuses the next one.

## How it is found
In Python source, which is read and not run: imports, assignments, parameters, dependencies and calls are followed back
from the connection to a decorator of FastAPI, Flask, Django, Celery and their kin. It is HIGH where every step is known.
What is kept in a global, behind a cache or a guard, made at start-up, in main, a script, a test or a migration is silent,
and so are retries, connections to another place each time, and a file that names a pooler.

## Example
    @app.get("/orders")
    def orders():
        with psycopg.connect(DSN) as conn:
            return conn.execute("select ...").fetchall()

## Instead
    pool = ConnectionPool(DSN)              # once, opened at start-up
    ...
        with pool.connection() as conn:
            return conn.execute("select ...").fetchall()
Django: CONN_MAX_AGE = 60 with CONN_HEALTH_CHECKS, or from Django 5.1 on OPTIONS = {"pool": True}.

## When to ignore
When the connection goes to PgBouncer on the same machine, or the request comes once an hour.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import confidence_of, each_time, finding, route, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import DjangoDatabase, Opening, Opens
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject

_POOLS = {
    "psycopg": "open one psycopg_pool.ConnectionPool at start-up and borrow from it: with pool.connection() as conn",
    "psycopg2": "make one psycopg2.pool.ThreadedConnectionPool at start-up, and putconn in a finally",
    "asyncpg": "create one pool at start-up by asyncpg.create_pool and borrow from it: async with pool.acquire() as conn",
    "aiopg": "create one pool at start-up by aiopg.create_pool and borrow from it: async with pool.acquire() as conn",
}


@check("POL010", name="connection-per-request", severity=Severity.WARNING, needs=(Opening, DjangoDatabase))
def connection_per_request(facts: Facts) -> Verdicts:
    yield from unread(facts)
    for row in facts[Opening]:
        if row.opens is not Opens.CONNECTION or row.path is None or row.has_pooler or row.is_short_lived:
            continue
        yield finding(
            "POL010",
            row,
            f"a connection is opened {each_time(row.path)}: {route(row.path)}",
            confidence_of(row.path),
            _POOLS.get(row.library, "open one pool at start-up and borrow from it"),
            path=row.path,
        )
    for database in facts[DjangoDatabase]:
        if database.max_age_s == 0 and not (database.has_pool or database.has_pooler):
            yield _django(database)


def _django(database: DjangoDatabase) -> Finding:
    return Finding(
        code="POL010",
        subject=Subject(kind="function", name=database.function, column=database.name),
        message=f"Django opens a connection for every request: DATABASES[{database.name!r}] has neither CONN_MAX_AGE nor a pool",
        severity=Severity.INFO,
        span=database.span,
        evidence={"max_age_s": 0},
        fixes=(
            Fix(
                title="set CONN_MAX_AGE = 60 and CONN_HEALTH_CHECKS = True, unless PgBouncer is beside it",
                applicability="manual",
            ),
        ),
        confidence=Confidence.MEDIUM,
    )
