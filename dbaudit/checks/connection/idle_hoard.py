"""An application keeps many more connections than it ever uses at the same time.

## What it does
Finds groups of at least 20 sessions that nobody has used for a minute, five times as many as the group had in use at
any look.

## Why it matters
Each idle connection holds a slot that another application is refused, and a process with 1 to 10 MB of its own: 1 MB
for a fresh backend, 10 MB after it has touched a thousand tables (measured on Linux, unique set size; what `ps` shows
includes the shared buffers). A snapshot for every statement looks at all of them.

## How it is found
By role, database and application. In use is what works, waits for a lock or keeps a transaction open; its peak is that
of the looks, and a session that was used within the last minute counts as needed. A short window may have missed the
busy hour: the confidence is low below a minute of `--watch`, and medium from there on.

## Example
    create_engine(url, pool_size=50)      # in each of 8 worker processes that serve one request at a time

## Instead
A pool as large as what is used at the same time, and fewer processes with a pool of their own, or PgBouncer between.

## When to ignore
A reserve for a rush that you know of.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.connection._sessions import clients, group_name, masked, sessions, used_by
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Slots
from dbaudit.facts.sessions import SessionGroup
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject
from dbaudit.units import count

# Unique memory of an idle backend, measured: fresh, and after it has seen a thousand tables.
_LEAST_MB, _MOST_MB = 1, 10
_LONG_WINDOW_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    idle_s: float = 60
    fewest: int = 20
    times_peak: float = 5


@check("CON007", name="idle-hoard", severity=Severity.INFO, needs=(Backend, Slots, SessionGroup), options=Options)
def idle_hoard(facts: Facts, options: Options) -> Verdicts:
    unused: dict[str, int] = {}
    recent: dict[str, int] = {}
    for backend in clients(facts):
        is_unused = backend.state == "idle" and (backend.state_age_ms or 0) >= options.idle_s * 1000
        counts = unused if is_unused else recent
        counts[group_name(backend)] = counts.get(group_name(backend), 0) + 1
    for name, number in unused.items():
        peak = max(_peak(facts, name), recent.get(name, 0))
        if number >= max(options.fewest, options.times_peak * peak):
            yield _finding(facts, name, number, peak, options)
    yield from masked(facts)


def _peak(facts: Facts, name: str) -> int:
    """The most that the group had in use at one look."""
    mine = [group.in_use for group in facts[SessionGroup] if used_by(group) == name]
    return max((sum(look) for look in zip(*mine)), default=0)


def _finding(facts: Facts, name: str, number: int, peak: int, options: Options) -> Finding:
    window_s = facts[Slots][0].window_s
    freed = max(0, number - max(1, peak))
    return Finding(
        code="CON007",
        subject=Subject(kind="backend", name=name),
        message=f"{sessions(number)} of {name} have not been used for {options.idle_s:.0f} s; no more than {peak} were in "
        f"use at the same time in {window_s:.0f} s; a pool of that size would free {count(freed, 'slot')} and "
        f"{freed * _LEAST_MB:,} to {freed * _MOST_MB:,} MB",
        severity=Severity.INFO,
        evidence={
            "unused_count": number,
            "peak_count": peak,
            "window_s": round(window_s, 1),
            "freed_low_bytes": freed * _LEAST_MB * 1024 * 1024,
            "freed_high_bytes": freed * _MOST_MB * 1024 * 1024,
        },
        fixes=(Fix(title="give the application a smaller pool, or fewer processes with one", applicability="manual"),),
        confidence=Confidence.MEDIUM if window_s >= _LONG_WINDOW_S else Confidence.LOW,
    )
