"""A pool hands out connections that may be dead.

## What it does
Reports an engine of SQLAlchemy without pool_pre_ping and without pool_recycle, and a Django database whose connections are
kept without limit (CONN_MAX_AGE = None) and not checked (CONN_HEALTH_CHECKS).

## Why it matters
A firewall, a load balancer or a failover ends idle connections without telling the application. The next request that
gets one of them fails, and after a failover as many requests fail as the pool has connections.

## How it is found
In the source, where the application serves requests or tasks. It is INFO: MEDIUM where the host is written out and another
machine, LOW where it comes from the environment. A local database, options that cannot be read, NullPool, SQLite,
migrations and a file that names a pooler are silent, and so are psycopg_pool and asyncpg, which renew their connections.

## Example
    engine = create_engine("postgresql://db.example.com/shop")

## Instead
    engine = create_engine("postgresql://db.example.com/shop", pool_pre_ping=True)

## When to ignore
When nothing stands between the application and its database, and every request is retried.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import finding, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import DjangoDatabase, Opening, Pooling, SourceFiles
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject

_LOCAL = ("localhost", "127.0.0.1", "::1")


@check("POL013", name="unchecked-pool", severity=Severity.INFO, needs=(SourceFiles, Opening, DjangoDatabase))
def unchecked_pool(facts: Facts) -> Verdicts:
    yield from unread(facts)
    if not any(files.serves for files in facts[SourceFiles]):
        return
    for row in facts[Opening]:
        if (
            row.is_checked is not False
            or row.pooling is not Pooling.KEPT
            or row.is_short_lived
            or row.in_script
            or row.has_pooler
        ):
            continue
        if not _is_local(row.host):
            where = f"to {row.host} " if row.host else ""
            yield finding(
                "POL013",
                row,
                f"the pool of {row.call} {where}has neither pool_pre_ping nor pool_recycle: it may hand out dead connections",
                Confidence.MEDIUM if row.host else Confidence.LOW,
                "give the engine pool_pre_ping=True",
                severity=Severity.INFO,
            )
    for database in facts[DjangoDatabase]:
        if database.max_age_s is None and not database.health_checks and not _is_local(database.host):
            yield _django(database)


def _is_local(host: str) -> bool:
    return host in _LOCAL or host.startswith("/")


def _django(database: DjangoDatabase) -> Finding:
    return Finding(
        code="POL013",
        subject=Subject(kind="function", name=database.function, column=database.name),
        message=f"DATABASES[{database.name!r}] keeps connections for ever and never checks them: dead ones fail requests",
        severity=Severity.INFO,
        span=database.span,
        evidence={"max_age_s": None},
        fixes=(Fix(title="set CONN_HEALTH_CHECKS = True", applicability="manual"),),
        confidence=Confidence.MEDIUM,
    )
