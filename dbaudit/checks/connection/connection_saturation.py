"""Nearly all connection slots are taken, or the server already refuses connections.

## What it does
Compares the client connections with what an ordinary role can get: `max_connections` minus
`superuser_reserved_connections` minus `reserved_connections` (PostgreSQL 16 and later). It also compares each
database's and each role's `CONNECTION LIMIT` with its use. A server that refuses dbaudit itself for want of a slot is
a finding, not a failure.

## Why it matters
The next connection is refused with SQLSTATE 53300, and the application sees errors rather than slowness.

## How it is found
Client backends are counted in several samples. 90 % of the usable slots in every sample, or 95 % in any, is an
error; 80 % in every sample, or 90 % in any, is a warning. From 80 % on, fewer than 5 free slots of the server are an error too.
Walsenders, autovacuum and background workers have slots of their own and do not count. Without `pg_monitor`, parallel
workers of other roles cannot be told from sessions: the figure is then an upper bound, and says so.
A limit of a single connection is taken as intended, and small limits (under 5) are reported when they are reached.

## Example
    max_connections = 100, 3 reserved, 95 client backends: 98 % of 97

## Instead
Give each application instance a pool that is as large as it needs, put PgBouncer in front of many instances, and end
sessions that hold a slot for nothing. More connections than the server can work on make it slower, not faster.

## When to ignore
Where the number of connections is fixed and known, such as a pooler that holds exactly as many as it may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.connection._sessions import shortened
from dbaudit.checks.connection._slots import largest_group, limited, severity
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import ConnectionLimit, RefusedConnection, Slots
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject, Unknown

_SERVER = Subject(kind="server", name="max_connections")
_SMALLER_NEEDS = Fix(
    title="shrink the largest pools, or put PgBouncer in front of them",
    applicability="manual",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    warning_ratio: float = 0.8
    error_ratio: float = 0.9
    one_sample_error_ratio: float = 0.95
    few_left: int = 5


@check("CON001", name="connection-saturation", severity=Severity.ERROR, needs=(RefusedConnection,), options=Options)
def connection_saturation(facts: Facts, options: Options) -> Verdicts:
    for refusal in facts[RefusedConnection]:
        yield _refused(refusal)
    if facts[RefusedConnection]:
        return
    lacking = facts.missing(Slots)
    if lacking:
        yield Unknown(reason=lacking.reason, remedy=lacking.remedy)
        return
    yield from _server(facts, facts[Slots][0], options)
    for limit in facts.get(ConnectionLimit):
        yield from limited(limit, options)


def _refused(refusal: RefusedConnection) -> Finding:
    limited = re.search(r'too many connections for (database|role) "(.*)"', refusal.message)
    subject = Subject(kind=limited[1], name=_quoted(limited[2])) if limited else _SERVER
    text = shortened(refusal.message.rpartition("FATAL: ")[2], 160)
    return Finding(
        code="CON001",
        subject=subject,
        message=f"the server refuses connections: {text}",
        severity=Severity.ERROR,
        evidence={"refusal": refusal.message},
        fixes=(_SMALLER_NEEDS,),
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch("[a-z_][a-z0-9_$]*", name) else '"' + name.replace('"', '""') + '"'


def _server(facts: Facts, slots: Slots, options: Options) -> Iterator[Finding]:
    level = severity(slots.samples, slots.usable, options, few_left=options.few_left)
    if level is None:
        return
    up_to = "up to " if slots.masked else ""
    yield Finding(
        code="CON001",
        subject=_SERVER,
        message=f"{up_to}{slots.used} of {slots.usable} usable connection slots are taken (max_connections "
        f"{slots.max_connections}, {slots.reserved} reserved), {slots.free} left; {largest_group(facts)}",
        severity=level,
        evidence={
            "used_count": slots.used,
            "usable_count": slots.usable,
            "lowest_count": min(slots.samples),
            "highest_count": max(slots.samples),
            "sample_count": len(slots.samples),
            "masked_count": slots.masked,
        },
        fixes=(_SMALLER_NEEDS,),
        confidence=Confidence.MEDIUM if slots.masked else Confidence.HIGH,
    )
