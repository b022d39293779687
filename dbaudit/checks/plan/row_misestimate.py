"""The planner was wrong by a factor of ten or more about the rows that a join was planned for.

## What it does
Reports the lowest node of a plan whose number of rows was far off the estimate, and the join that was chosen by it.

## Why it matters
The planner picks the order and the method of joins by the number of rows. For one row it takes a nested loop, which
looks up the other side row by row; when a thousand come instead, it does so a thousand times. An error at the bottom is
multiplied by each join above it.

## How it is found
In a statement that was run: rows per loop against rows expected, off by 10 times (info), 100 (warning) or 1,000 (error,
in a statement of at least 100 ms, else a warning), where at least 100 rows came or 1,000 were expected, and only below
a join that takes at least 10 % of the time, or nested loops further up that run for its rows: by an estimate that nobody
joins on, nothing is decided.
Fewer rows than expected are no error where a LIMIT, a merge join, EXISTS or a join that needs one match only may have
stopped the node early. Nodes that were never executed do not count. Of a chain of errors the lowest is reported, once
for each statement: the others follow from it. Where the table's statistics are out of date, stale-statistics (PLN018)
says so instead. Nested loops, spilled sorts and hash tables that follow from it are told with it.

## Example
    SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country = 'NO' AND c.currency = 'NOK';

The planner takes columns for independent: one in fifty are Norwegians, one in fifty pay in kroner, so one in 2,500 do
both. But they are the same people.

## Instead
    CREATE STATISTICS customers_country_currency_stats (dependencies) ON country, currency FROM customers;
    ANALYZE customers;

## When to ignore
When the plan is good as it is: try it with the join method switched off (SET enable_nestloop = off).
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at_estimate
from dbaudit.checks.plan._misestimate import (
    ERROR_FACTOR,
    ERROR_MS,
    FEWEST_ROWS,
    INFO_FACTOR,
    TIME_RATIO,
    WARNING_FACTOR,
    root_misestimate,
    severity_of,
)
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._stale import is_stale
from dbaudit.checks.plan._statistics import statistics_for
from dbaudit.checks.plan._words import about, node_name, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.column import Column
from dbaudit.facts.plan_time import node_times
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Scalar, Severity, Unknown


class Options(NamedTuple):
    """From which factor on it is worth knowing, a warning, an error; and what is too small or too quick to matter."""

    info_factor: float = INFO_FACTOR
    warning_factor: float = WARNING_FACTOR
    error_factor: float = ERROR_FACTOR
    rows: float = FEWEST_ROWS
    time_ratio: float = TIME_RATIO
    error_ms: float = ERROR_MS


@check("PLN003", name="row-misestimate", severity=Severity.WARNING, needs=(Explained, Table, Column), options=Options)
def row_misestimate(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        if explained.plan is None or not explained.plan.was_run:
            continue
        plan = explained.plan
        if not plan.has_estimates:
            yield Unknown(subject=about(explained.statement), reason="EXPLAIN (COSTS OFF) leaves the estimates out")
            continue
        found = root_misestimate(plan, factor=options.info_factor, rows=options.rows, time_ratio=options.time_ratio)
        table = relations.table(found.node) if found else None
        if found is None or (table and is_stale(table, relations, facts.get(Server))):
            continue
        message = f"the planner expected {rows(found.expected_rows)} of {node_name(found.node)} and got "
        message += f"{rows(found.actual_rows)}, off by a factor of {found.factor:,.0f}; "
        message += f"the {found.join.node_type} above it was chosen for that"
        evidence: dict[str, Scalar] = {
            "node": node_name(found.node),
            "expected_rows_count": found.expected_rows,
            "actual_rows_count": found.actual_rows,
            "factor_ratio": round(found.factor, 1),
        }
        if time := node_times(plan).get(found.join):
            evidence["time_ms"] = round(time.inclusive_ms, 3)
        fix = statistics_for(found.node, relations)
        yield Finding(
            code="PLN003",
            subject=about(explained.statement),
            message=message,
            severity=severity_of(
                found, plan.execution_ms, warning_factor=options.warning_factor, error_factor=options.error_factor,
                error_ms=options.error_ms,
            ),
            span=explained.statement.span,
            in_plan=at_estimate(explained, found.node, found.join),
            evidence=evidence,
            fixes=(fix,) if fix else (),
        )
