"""More sessions work at the same time than the server has cores for.

## What it does
Compares the sessions that run a statement, parallel workers included, with the cores of the server's machine: more
than two for each core at most looks is INFO, more than three a WARNING.

## Why it matters
Past that they only take turns: the throughput falls and every statement takes longer. On two cores, read-only
statements of 24 clients at once ran at the highest rate, 93 % of which 8 reached already; 256 reached 54 %.

## How it is found
By the median of the looks, at least three of them. Sessions that wait for a lock do not count: they use no core. The
number of cores is known where the connection is over a Unix-domain socket; elsewhere `--cores` gives it. Statements
that wait for the disk count: a machine that waits for many disks bears more.

## Example
    16 active sessions on 4 cores

## Instead
A pool that is smaller than what is waiting for it: let requests queue there, where they cost nothing. See what they run
with `dbaudit explain`.

## When to ignore
A batch window, or a server whose disks rather than whose cores are busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from dbaudit.checks.connection._sessions import masked
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.sessions import ClientPath, SessionLook
from dbaudit.finding import Finding, Fix, Severity, Subject, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    info_per_core: float = 2
    warning_per_core: float = 3
    fewest_looks: int = 3


@check(
    "CON008",
    name="too-many-active",
    severity=Severity.WARNING,
    needs=(SessionLook, ClientPath),
    options=Options,
)
def too_many_active(facts: Facts, options: Options) -> Verdicts:
    looks = facts[SessionLook]
    typical = median(look.active + look.workers for look in looks)
    cores = facts[ClientPath][0].cores
    # One core bears this many: nothing to ask about, whatever the machine is.
    if typical > options.info_per_core:
        if cores is None:
            yield Unknown(
                reason=f"{typical:.0f} sessions work at the same time, and how many cores the server has is not known",
                remedy="--cores N",
            )
        elif len(looks) < options.fewest_looks and typical > options.info_per_core * cores:
            yield Unknown(reason=f"{typical:.0f} sessions work at once, and one look may mislead", remedy="--samples 3")
        elif typical > options.info_per_core * cores:
            yield _finding(facts, typical, cores, options)
    yield from masked(facts)


def _finding(facts: Facts, typical: float, cores: int, options: Options) -> Finding:
    looks = facts[SessionLook]
    counts = [look.active + look.workers for look in looks]
    return Finding(
        code="CON008",
        subject=Subject(kind="server", name="active sessions"),
        message=f"{typical:.0f} sessions work at the same time on {cores} core{'' if cores == 1 else 's'} (median of "
        f"{len(looks)} looks, {min(counts)} to {max(counts)})",
        severity=Severity.WARNING if typical > options.warning_per_core * cores else Severity.INFO,
        evidence={
            "active_count": typical,
            "lowest_count": min(counts),
            "highest_count": max(counts),
            "core_count": cores,
            "sample_count": len(looks),
        },
        fixes=(
            Fix(title="let fewer work at once: smaller pools, so that requests queue before them", applicability="manual"),
        ),
    )
