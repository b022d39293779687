"""Compiling a statement's expressions takes a good part of the time in which it runs.

## What it does
Reports a statement of whose execution 30 % or more went into just-in-time compilation.

## Why it matters
JIT pays where millions of rows go through the same expressions. It is switched on by the planner's cost, which is often
far above what the statement really does: one that would have taken 20 ms takes 300.

## How it is found
From the JIT section of EXPLAIN ANALYZE: generation, inlining, optimization and emission, which are part of the
execution time. EXPLAIN adds up the leader and the parallel workers, who compile at the same time each for itself, so
the sum is divided by their number. Below 10 ms nothing is said.

## Example
    SELECT c.name, count(*) FROM order_items i JOIN products p ON … JOIN categories c ON … GROUP BY c.name;

## Instead
    BEGIN;
    SET LOCAL jit = off;
    SELECT …;
    COMMIT;

Where most statements are short, for the whole database: ALTER DATABASE shop SET jit_above_cost = 1000000;
A cost that is far too high usually has a cause of its own, such as statistics that are out of date, or many partitions.

## When to ignore
When the statement is much slower without JIT: try it.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Severity
from dbaudit.units import milliseconds

_OFF = Fix(title="give this statement SET LOCAL jit = off, or raise jit_above_cost", applicability="manual")


class Options(NamedTuple):
    """From which share of the execution time, and from how many milliseconds."""

    time_ratio: float = 0.30
    jit_ms: float = 10.0


@check("PLN014", name="jit-dominates", severity=Severity.WARNING, needs=(Explained,), options=Options)
def jit_dominates(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        plan = explained.plan
        if plan is None or not plan.jit_ms or not plan.execution_ms:
            continue
        jit_ms = plan.jit_ms / _processes(plan)
        ratio = min(1.0, jit_ms / plan.execution_ms)
        if jit_ms < options.jit_ms or ratio < options.time_ratio:
            continue
        message = f"just-in-time compilation took {milliseconds(jit_ms)} of {milliseconds(plan.execution_ms)}, "
        message += f"{percent(ratio)} of the execution"
        yield Finding(
            code="PLN014",
            subject=about(explained.statement),
            message=message,
            severity=Severity.WARNING,
            span=explained.statement.span,
            in_plan=at(explained, plan.root),
            evidence={"time_ms": round(jit_ms, 3), "time_ratio": round(ratio, 4), "cost": plan.root.total_cost},
            fixes=(_OFF,),
        )


def _processes(plan: Plan) -> int:
    """The leader and the most workers that ran at once."""
    return 1 + max((node.workers_launched or 0 for node in plan.nodes()), default=0)
