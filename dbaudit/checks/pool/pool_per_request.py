"""A pool, an engine or a client is made for every request, task or iteration.

## What it does
Reports create_engine, create_async_engine, ConnectionPool, create_pool, MongoClient and redis.Redis where a route, a view,
a task or a loop reaches them.

## Why it matters
Each of them brings a pool of its own. Made per call it pools nothing: its connections are opened for one use, stay open
until the object is collected as garbage, and a pool that opens a minimum at once (asyncpg 10, psycopg_pool 4) multiplies
every request by it.

## How it is found
As POL010 finds connections: in the source, by the calls that lead there, HIGH where every step is known. A factory that is
called at import or by an application factory, cached (functools.cache, `if engine is None`), a start-up hook, a client
that is given a connection_pool, an engine of SQLite, and an engine without pool in a Celery task are silent.

## Example
    def get_db():
        engine = create_engine(URL)
        with Session(engine) as session:
            yield session

## Instead
    engine = create_engine(URL)             # once, at import

    def get_db():
        with Session(engine) as session:
            yield session

## When to ignore
When each call must connect as another user, and there are few of them.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import confidence_of, each_time, finding, route, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import Opening, Opens, Per, Pooling
from dbaudit.finding import Severity


@check("POL011", name="pool-per-request", severity=Severity.WARNING, needs=(Opening,))
def pool_per_request(facts: Facts) -> Verdicts:
    yield from unread(facts)
    for row in facts[Opening]:
        if row.opens is not Opens.POOL or row.path is None or row.is_short_lived or _is_for_a_task(row):
            continue
        yield finding(
            "POL011",
            row,
            f"a pool of connections is made {each_time(row.path)}: {route(row.path)}",
            confidence_of(row.path),
            f"call {row.call} once, at import or start-up, and share what it returns",
            path=row.path,
        )


def _is_for_a_task(row: Opening) -> bool:
    """An engine that keeps nothing, made in a task: an event loop of its own cannot share another's connections."""
    return row.pooling is Pooling.NONE and row.path is not None and row.path.per is Per.TASK
