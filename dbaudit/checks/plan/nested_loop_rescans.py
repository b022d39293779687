"""A nested loop runs its inner side thousands of times, for more outer rows than were expected.

## What it does
Reports a nested loop that was planned for a few rows and got several times as many, where reading the inner table once
would have been cheaper.

## Why it matters
A nested loop costs a look-up for each outer row, a hash join costs one scan whatever the number. The planner chose by a
number that was wrong, and the statement becomes slower in step with how wrong it was.

## How it is found
In a statement that was run: the inner side was executed at least 1,000 times and took at least 30 % of the time, at
least three times as many rows came from the outer side as were expected, and by the planner's own costs that many
look-ups cost more than one scan of the whole inner table. A fast index look-up for each row may well be the best plan:
then nothing is said. Where the estimate was off by ten times or more this is told with row-misestimate (PLN003) or
stale-statistics (PLN018), from which it follows. An inner side that discards its rows is reported as
seq-scan-discards-rows (PLN001) and its kin.

## Example
    SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = 'NO' AND c.currency = 'NOK';

## Instead
    CREATE STATISTICS customers_country_currency_stats (dependencies) ON country, currency FROM customers;
    ANALYZE customers;

To see what it would gain, run the statement after SET enable_nestloop = off.

## When to ignore
When all of the inner table is in memory: the planner's costs assume that some of it comes from disk.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at_estimate
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._rescans import Rescans, rescans
from dbaudit.checks.plan._statistics import statistics_for
from dbaudit.checks.plan._words import about, node_name, percent, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.finding import Confidence, Finding, Scalar, Severity
from dbaudit.units import count, milliseconds


class Options(NamedTuple):
    """From how many executions, which share of the time, and how many times the expected rows."""

    loops: int = 1_000
    time_ratio: float = 0.30
    factor: float = 3.0


@check("PLN009", name="nested-loop-rescans", severity=Severity.WARNING, needs=(Explained, Table, Column),
       options=Options)
def nested_loop_rescans(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        found = rescans(explained, relations, loops=options.loops, time_ratio=options.time_ratio, factor=options.factor)
        if found:
            yield _finding(explained, found, relations)


def _finding(explained: Explained, found: Rescans, relations: Relations) -> Finding:
    whole = relations.whole(found.table)
    message = f"{rows(found.outer.actual_rows or 0)} came from {node_name(found.misjudged)}, where the planner "
    message += "expected "
    message += f"{rows(found.outer.plan_rows)}: {node_name(found.inner)} was run {count(found.loops, 'time')}, "
    message += f"in {milliseconds(found.time_ms)} and {percent(found.time_ratio)} of the time, "
    message += f"where one scan of {whole.qualified} would have been cheaper"
    evidence: dict[str, Scalar] = {
        "node": node_name(found.inner),
        "loops_count": round(found.loops),
        "expected_rows_count": found.outer.plan_rows,
        "actual_rows_count": found.outer.actual_rows,
        "time_ms": round(found.time_ms, 3),
        "time_ratio": round(found.time_ratio, 4),
    }
    fix = statistics_for(found.misjudged, relations)
    return Finding(
        code="PLN009",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at_estimate(explained, found.misjudged, found.inner, found.outer),
        evidence=evidence,
        fixes=(fix,) if fix else (),
        confidence=Confidence.MEDIUM,
        discriminator=whole.qualified,
    )
