"""A statement takes longer than a request can wait for.

## What it does
Reports a statement that ran for more than 100 ms, as an error from 500 ms on or where it was cancelled by the time
limit, and names the node of its plan where most of that time goes.

## Why it matters
A request seldom sends one statement only, and each holds a connection and a processor while it runs: what is slow for
one user makes all of them wait when a few hundred come at once.

## How it is found
From the execution time of EXPLAIN ANALYZE; planning is not in it. With `--runs 5` it is the median of the runs, without
the first where that one had to read what the later ones found in shared_buffers: it was cold. A single run cannot tell,
so that the blocks that it read are named where they are many. The node named is the one with the largest time of
its own: its time without that of the nodes below it, of CTEs and of subqueries that ran on its behalf, and as time that
passed rather than as the sum over parallel workers. Where the statement was cancelled there are no times, and the node
that the planner thought most costly is named; a join by an OR and a NOT IN are rewritten where that returns the same.
Where another finding accounts for half of the time or more, this is told with that one, as what follows from it.

## Example
    SELECT provider, max(captured_at) FROM payments GROUP BY provider;

## Instead
Follow the other findings about the statement; where there are none, ask for less: fewer rows, a summary kept up to
date, or the same answer from a cache.

## When to ignore
When nobody waits for it: reports, exports, jobs at night. Suppress it by the statement's name.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import Rewrites, for_what_never_ended, known_rewrites
from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._warmth import of_runs
from dbaudit.checks.plan._words import about, node_name, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import node_times
from dbaudit.facts.statement import Explained, How
from dbaudit.finding import Confidence, Finding, Scalar, Severity
from dbaudit.units import milliseconds


class Options(NamedTuple):
    """From how many milliseconds on a statement is slow, and from how many on it is an error."""

    warning_ms: float = 100.0
    error_ms: float = 500.0


@check("PLN020", name="slow-statement", severity=Severity.WARNING, needs=(Explained,), options=Options)
def slow_statement(facts: Facts, options: Options) -> Verdicts:
    rewrites = known_rewrites(facts)
    for explained in facts[Explained]:
        if explained.how is How.TIMED_OUT:
            yield _cancelled(rewrites, explained)
        elif explained.how is How.ANALYZED and explained.plan:
            if (explained.plan.execution_ms or 0.0) > options.warning_ms:
                yield _slow(explained, explained.plan, options)


def _slow(explained: Explained, plan: Plan, options: Options) -> Finding:
    time_ms = plan.execution_ms or 0.0
    evidence: dict[str, Scalar] = {"time_ms": time_ms}
    message = f"took {milliseconds(time_ms)}"
    times = node_times(plan)
    node = plan.root
    told, figures = of_runs(explained.runs, plan)
    if times:
        node = max(times, key=lambda node: times[node].exclusive_ms)
        own_ms = times[node].exclusive_ms
        share = min(1.0, own_ms / time_ms)
        message += f", {percent(share)} of it in {node_name(node)}"
        evidence |= {"node": node_name(node), "node_ms": round(own_ms, 3), "node_ratio": round(share, 4)}
    message += told
    evidence |= figures
    return Finding(
        code="PLN020",
        subject=about(explained.statement),
        message=message,
        severity=Severity.ERROR if time_ms > options.error_ms else Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, node),
        evidence=evidence,
    )


def _cancelled(rewrites: Rewrites, explained: Explained) -> Finding:
    limit_ms = float(explained.limit_ms or 0)
    message = f"was cancelled after {milliseconds(limit_ms)}"
    evidence: dict[str, Scalar] = {"time_ms": limit_ms}
    if explained.plan:
        node = max(explained.plan.nodes(), key=_own_cost)
        message += f"; the planner finds {node_name(node)} the most costly part of it"
        evidence |= {"node": node_name(node), "cost": explained.plan.root.total_cost}
    return Finding(
        code="PLN020",
        subject=about(explained.statement),
        message=message,
        severity=Severity.ERROR,
        span=explained.statement.span,
        evidence=evidence,
        fixes=for_what_never_ended(rewrites, explained.statement),
        confidence=Confidence.HIGH,
    )


def _own_cost(node: PlanNode) -> float:
    """The node's cost without that of its children; those of a nested loop's inner side count once only."""
    return node.total_cost - sum(child.total_cost for child in node.children)
