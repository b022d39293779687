"""An engine keeps no connections, and no pooler is known to do so instead.

## What it does
Reports an engine of SQLAlchemy with poolclass=NullPool in an application that serves requests.

## Why it matters
Every checkout of such an engine opens a connection and closes it again: 3 to 30 ms, a process on the server, and no limit to
how many there are. It is right only where PgBouncer or its like keeps the connections.

## How it is found
In the source. It is INFO, as the code cannot tell what stands in front of the database. Migrations, modules of
Celery tasks, functions of a cloud, and files that name a pooler, its port 6432, or switch off statement caches are silent.

## Example
    engine = create_engine(URL, poolclass=NullPool)

## Instead
    engine = create_engine(URL, pool_size=5, max_overflow=5, pool_pre_ping=True)

## When to ignore
When a pooler is in front; a comment that says so beside the engine silences it, and helps the next reader.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import finding, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import Opening, Pooling, SourceFiles
from dbaudit.finding import Confidence, Severity


@check("POL014", name="null-pool", severity=Severity.INFO, needs=(SourceFiles, Opening))
def null_pool(facts: Facts) -> Verdicts:
    yield from unread(facts)
    if not any(files.serves for files in facts[SourceFiles]):
        return
    for row in facts[Opening]:
        if row.pooling is Pooling.NONE and not (
            row.has_pooler or row.is_short_lived or row.in_script or row.in_worker or row.path
        ):
            yield finding(
                "POL014",
                row,
                f"{row.call} has poolclass=NullPool: every checkout opens a connection, unless a pooler is in front",
                Confidence.MEDIUM,
                "leave poolclass out and size the pool, or put PgBouncer in front and say so beside the engine",
                severity=Severity.INFO,
            )
