"""A statement was planned for parallel workers and did not get all of them.

## What it does
Reports a Gather that launched fewer workers than the plan had counted on.

## Why it matters
The plan was chosen because several processes would share its work. With fewer the same work takes longer, and another
plan may have been better. It is a sign that the server's pool of workers is too small, or all of it in use.

## How it is found
In a statement that was run: the workers planned and launched of each Gather and Gather Merge that took at least 10 % of
the time. One that was never executed launched none and does not count.

## Example
    SHOW max_parallel_workers;      -- 2, and max_parallel_workers_per_gather is 4

## Instead
    ALTER SYSTEM SET max_parallel_workers = 8;      -- at most max_worker_processes, which needs a restart
    SELECT pg_reload_conf();

Or lower max_parallel_workers_per_gather, so that the planner counts on what is there.

## When to ignore
When the server was busy with other parallel statements just now.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan_time import is_gather, node_times
from dbaudit.facts.statement import Explained
from dbaudit.finding import Confidence, Finding, Fix, Severity
from dbaudit.units import count, milliseconds

_FIX = Fix(
    title="raise max_parallel_workers and max_worker_processes, or lower max_parallel_workers_per_gather",
    applicability="manual",
)


class Options(NamedTuple):
    """From which share of the statement's time below the Gather."""

    time_ratio: float = 0.10


@check("PLN017", name="workers-not-launched", severity=Severity.INFO, needs=(Explained,), options=Options)
def workers_not_launched(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        times = node_times(explained.plan) if explained.plan else {}
        whole_ms = times[explained.plan.root].inclusive_ms if times else 0.0
        short = [
            node
            for node in times
            if is_gather(node) and node.was_executed and (node.workers_launched or 0) < (node.workers_planned or 0)
            and times[node].inclusive_ms >= options.time_ratio * whole_ms
        ]
        if not short:
            continue
        worst = max(short, key=lambda node: times[node].inclusive_ms)
        planned, launched = worst.workers_planned or 0, worst.workers_launched or 0
        time_ms = times[worst].inclusive_ms
        ratio = time_ms / whole_ms if whole_ms else 1.0
        message = f"a {worst.node_type} was planned for {count(planned, 'worker')} and got {launched or 'none'}; "
        message += f"what it gathers took {milliseconds(time_ms)}, {percent(ratio)} of the time"
        yield Finding(
            code="PLN017",
            subject=about(explained.statement),
            message=message,
            severity=Severity.INFO,
            span=explained.statement.span,
            in_plan=at(explained, worst),
            evidence={
                "planned_count": planned,
                "launched_count": launched,
                "time_ms": round(time_ms, 3),
                "time_ratio": round(ratio, 4),
            },
            fixes=(_FIX,),
            confidence=Confidence.MEDIUM,
        )
