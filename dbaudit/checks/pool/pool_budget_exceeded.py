"""The pools of all services may together open more connections than the server takes.

## What it does
Adds up what each service may open, instances × processes × (pool + overflow), and what a pooler may open for it, and
compares the sum with what an ordinary role can get: `max_connections` minus the reserved connections. It does so for
the steady state and for a rolling deploy, and for each role's and each database's own `CONNECTION LIMIT`.

## Why it matters
Pools fill up when the database is slow, all of them at the same time. The connection that is then missing is refused
with SQLSTATE 53300, on every service that shares the server.

## How it is found
By arithmetic, from the project's files and from what `--service` and `[tool.dbaudit.services]` say. Threads that each
hold one connection limit a pool that is larger. More than the server takes is an error in the steady state and a
warning while a deploy rolls; more than 90 % of it in the steady state is a warning, as migrations, cron jobs and people
need connections too. What is not known is not counted: a sum with unknown parts is "at least", and never a pass.
In Kubernetes, pods that are being stopped hold connections beyond maxSurge. Of the code, tests, migrations, scripts,
examples and virtual environments are left out.

## Example
    api: 8 instances × 4 workers × (10 + 20) = 960 of 97 usable

## Instead
Size the pools so that the sum fits, or put PgBouncer in transaction mode between many processes and the server.
Raising `max_connections` costs memory, and more active backends than the cores can run make each of them slower.

## When to ignore
Where services use different servers: leave out those of the others with `--service 'NAME: pool=0'`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbaudit.checks._words import listed
from dbaudit.checks.pool._terms import largest, not_whole
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.budget import PoolUse, RoomLimit, ServerRoom
from dbaudit.facts.budget_sum import Sum, of_server
from dbaudit.finding import Finding, Fix, Severity, Subject, Unknown

_FIT = Fix(title="make the pools smaller until the sum fits, or put PgBouncer in front of them", applicability="manual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    reserve_ratio: float = 0.1


@check(
    "POL001", name="pool-budget-exceeded", severity=Severity.ERROR, needs=(PoolUse, ServerRoom), options=Options
)
def pool_budget_exceeded(facts: Facts, options: Options) -> Verdicts:
    total, room = of_server(facts), facts[ServerRoom][0]
    subject = Subject(kind="server", name="max_connections")
    finding = _compared(total, room.usable, subject, _server(room), options.reserve_ratio)
    if finding:
        yield finding
    elif not (total.terms and total.is_whole_rolling):
        yield not_whole(total)
    for limit in room.limits:
        yield from _limited(total, limit)


def _server(room: ServerRoom) -> str:
    return f"are usable (max_connections {room.max_connections}, {room.reserved} reserved)"


def _limited(total: Sum, limit: RoomLimit) -> Iterator[Finding | Unknown]:
    """What the terms of one role or database come to against its own limit; those that may be its are not known."""
    name = limit.name.removeprefix('"').removesuffix('"').replace('""', '"')
    owners = [(getattr(term, limit.kind), term) for term in total.terms]
    own = Sum(terms=tuple(term for owner, term in owners if owner == name))
    subject = Subject(kind=limit.kind, name=limit.name)
    finding = _compared(own, limit.limit, subject, f"are what {limit.kind} {limit.name} may have", 0)
    if finding:
        yield finding
        return
    unassigned = Sum(terms=tuple(term for owner, term in owners if not owner))
    if own.rolling + unassigned.rolling > limit.limit:
        yield Unknown(
            reason=f"it has a limit of {limit.limit}, and the {limit.kind} of {_names(unassigned)} is not known",
            remedy=f"--service 'NAME: {limit.kind}={name}'",
            subject=subject,
        )


def _names(total: Sum) -> str:
    return listed(tuple(dict.fromkeys(term.service for term in total.terms)))


def _compared(total: Sum, room: int, subject: Subject, of_what: str, reserve_ratio: float) -> Finding | None:
    at_least = "" if total.is_whole else "at least "
    finding = Finding(
        code="POL001",
        subject=subject,
        message=f"the pools may open {at_least}{total.steady:,} connections, where {room:,} {of_what}: {largest(total.terms)}",
        severity=Severity.ERROR,
        evidence={
            "steady_count": total.steady,
            "rolling_count": total.rolling,
            "usable_count": room,
            "is_whole": total.is_whole,
        },
        fixes=(_FIT,),
    )
    if total.steady > room:
        return finding
    if total.rolling > room:
        rolling = largest(total.terms, rolling=True)
        message = f"while a deploy rolls the pools may open {at_least}{total.rolling:,}, where {room:,} {of_what}: {rolling}"
        return replace(finding, severity=Severity.WARNING, message=message)
    if total.steady > room * (1 - reserve_ratio):
        left = f"{room - total.steady} are left for migrations, jobs and people"
        return replace(finding, severity=Severity.WARNING, message=f"{finding.message}; {left}")
    return None
