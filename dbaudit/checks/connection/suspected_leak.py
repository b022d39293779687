"""An application seems to lose connections: they were used once, and it opens more of them.

## What it does
Finds groups of idle sessions that nobody has used for 5 minutes, each of them used only for a moment after it was
opened, while the application went on to open more, as if it had none.

## Why it matters
What is not given back is never used again. Each one holds a slot and some memory until the application is restarted
or the server refuses the next.

## How it is found
A pool that idles looks much the same, so all of this must hold of sessions of one role, application and client: 5 or
more idle for at least 5 minutes, whose last statement is the same and came in the first tenth of the session's life;
half of them opened when the first had been idle for 5 minutes; and no fewer at the last look than at the first.
Sessions that listen, that never ran a statement, or that a pool or a driver has only set up, checked or reset are left
out. It remains a suspicion: where the number did not grow while we looked the confidence is low, else it is medium, and
`--watch` makes the difference.

## Example
    connection = pool.getconn()
    row = connection.execute(query).fetchone()
    if row is None:
        return None                       # and the connection is never put back

## Instead
A context manager for every connection: `with pool.connection() as connection:`. `idle_session_timeout` ends what is
lost, and also what a pool holds on purpose.

## When to ignore
Many processes that each keep one connection and seldom use it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._sessions import clients, group_name, masked, sessions, shortened, used_by
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Slots
from dbaudit.facts.sessions import SessionGroup
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject
from dbaudit.units import age

# What comes last where a pool or a driver has set up, checked or taken back a connection, or where one listens.
_NOT_LOST = ("listen", "unlisten", "discard", "reset", "rollback", "set ", "show ", "start_replication")
_PING = "select 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    idle_s: float = 300
    fewest: int = 5
    used_ratio: float = 0.1


@check(
    "CON006",
    name="suspected-leak",
    severity=Severity.WARNING,
    needs=(Backend, Slots, SessionGroup),
    options=Options,
)
def suspected_leak(facts: Facts, options: Options) -> Verdicts:
    groups: dict[tuple[str, str, str], list[Backend]] = {}
    for backend in clients(facts):
        if _is_lost(backend, options):
            groups.setdefault((group_name(backend), backend.client, backend.statement), []).append(backend)
    reported: set[str] = set()
    for (name, client, statement), lost in sorted(groups.items(), key=lambda item: -len(item[1])):
        growth = _growth(facts, name)
        if len(lost) >= options.fewest and growth >= 0 and _went_on(lost, options) and name not in reported:
            reported.add(name)
            yield _finding(name, client, statement, lost, growth, facts)
    yield from masked(facts)


def _is_lost(backend: Backend, options: Options) -> bool:
    age_ms, idle_ms = backend.backend_age_ms or 0, backend.state_age_ms or 0
    is_used_once = age_ms - idle_ms <= options.used_ratio * age_ms
    said = backend.statement.strip().lower()
    is_idle = backend.state == "idle" and idle_ms >= options.idle_s * 1000
    return is_idle and is_used_once and bool(said.rstrip("; ").removeprefix(_PING)) and not said.startswith(_NOT_LOST)


def _went_on(lost: list[Backend], options: Options) -> bool:
    """Whether some were opened when others had been idle for long: a pool opens its own at once, or in a rush."""
    first_idle_ms = max(backend.state_age_ms or 0 for backend in lost)
    later = sum((backend.backend_age_ms or 0) < first_idle_ms - options.idle_s * 1000 for backend in lost)
    return later >= len(lost) // 2


def _growth(facts: Facts, name: str) -> int:
    """How many more sessions the group had at the last look than at the first."""
    mine = [group for group in facts[SessionGroup] if used_by(group) == name]
    return sum(group.sessions[-1] - group.sessions[0] for group in mine)


def _finding(
    name: str, client: str, statement: str, lost: list[Backend], growth: int, facts: Facts
) -> Finding:
    oldest_ms = max(backend.state_age_ms or 0 for backend in lost)
    youngest_ms = min(backend.backend_age_ms or 0 for backend in lost)
    window_s = facts[Slots][0].window_s
    more = f", {growth} more of its sessions than {window_s:.0f} s before" if growth else ""
    return Finding(
        code="CON006",
        subject=Subject(kind="backend", name=name),
        message=f"suspected leak: {sessions(len(lost))} of {name} from {client} were used once and never again, the first "
        f"idle for {age(oldest_ms)}, the last opened {age(youngest_ms)} ago{more}; each ended with: "
        f"{shortened(statement, 80)}",
        severity=Severity.WARNING if growth else Severity.INFO,
        evidence={
            "time_ms": round(oldest_ms),
            "session_count": len(lost),
            "growth_count": growth,
            "window_s": round(window_s, 1),
            "youngest_ms": round(youngest_ms),
            "statement": shortened(statement, 200),
        },
        fixes=(
            Fix(title="find where this statement's connection is not given back to the pool", applicability="manual"),
        ),
        confidence=Confidence.MEDIUM if growth else Confidence.LOW,
    )
