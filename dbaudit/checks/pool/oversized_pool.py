"""The pools together are far larger than what the server's cores can work on.

## What it does
Compares the sum of all pools with (cores × 2 + spindles), the number of active connections at which a server's
throughput peaks according to PostgreSQL's wiki ("Number Of Database Connections"), and speaks from four times that on.

## Why it matters
Beyond the knee more active backends add waiting, not work: on two cores, 256 clients did half of what 24 did. A pool
that large lets a burst of slow statements reach the server all at once, where a smaller one would queue it cheaply.

## How it is found
By arithmetic, with the number of cores that `--cores` gives: the server does not tell it. The formula counts active
connections, is a starting point rather than a law, and says little of a workload that waits for locks or for the
network; therefore four times as many are let pass.

## Example
    8 cores: about 17 active connections; the pools may open 640

## Instead
Begin with pools that sum to a few times the formula, and measure.

## When to ignore
Where transactions stay open while the application waits for something else, and this cannot be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.pool._terms import largest, not_whole
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.budget import PoolUse, ServerRoom
from dbaudit.facts.budget_sum import of_server
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject, Unknown
from dbaudit.units import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    spindles: int = 1
    tolerance_factor: int = 4


@check("POL002", name="oversized-pool", severity=Severity.WARNING, needs=(PoolUse, ServerRoom), options=Options)
def oversized_pool(facts: Facts, options: Options) -> Verdicts:
    total, cores = of_server(facts), facts[ServerRoom][0].cores
    if cores is None:
        yield Unknown(reason="how many cores the server has is not known", remedy="--cores N")
        return
    best = cores * 2 + options.spindles
    if total.steady <= best * options.tolerance_factor:
        if not (total.terms and total.is_whole):
            yield not_whole(total)
        return
    yield Finding(
        code="POL002",
        subject=Subject(kind="server", name="connection pools"),
        message=f"the pools may open {'' if total.is_whole else 'at least '}{total.steady:,} connections, "
        f"{total.steady / best:.0f} times the {best} that {count(cores, 'core')} can work on at a time: "
        f"{largest(total.terms)}",
        severity=Severity.WARNING,
        evidence={"steady_count": total.steady, "best_count": best, "cores_count": cores, "is_whole": total.is_whole},
        fixes=(Fix(title="begin with pools that sum to a few times that, and measure", applicability="manual"),),
        confidence=Confidence.MEDIUM,
    )
