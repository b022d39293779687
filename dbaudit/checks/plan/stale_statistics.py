"""The planner works with statistics of a table that are missing or out of date.

## What it does
Reports a statement whose plan was chosen by an estimate that was far off, where the table that was misjudged has
changed a lot since it was last analyzed, or never was; and, once for each table that the statements read, that it was
never analyzed at all.

## Why it matters
Without statistics the planner guesses: one row in 200 for an equality, a third of the table for a range. With old ones
it does not know what came since, and a nested loop that was right for twenty rows is run for twenty thousand.

## How it is found
In a statement that was run: the lowest node below a join that returned ten times more or fewer rows than expected (as
in row-misestimate, PLN003, which then says nothing), on a table in which at least 20 % of the rows, and 1,000, were
written since its last ANALYZE. What a session loads just before it runs ANALYZE may be counted as written after it;
such rows are taken off, and after a reset of the statistics the number says nothing. A statement whose estimates were
right, or that was only planned, has no finding of it.
A table was never analyzed where pg_class.reltuples says so, or where pg_stats has none of its columns (for a superuser,
from whom it hides nothing). Tables of fewer than 1,000 rows are left alone.

## Example
    COPY customers FROM '/tmp/customers.csv';
    SELECT * FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.kind = 5;

## Instead
    ANALYZE customers;

Autovacuum does it by itself after 50 rows and 10 % of the table, a minute later or more; after a bulk load, a restore
or an upgrade, do it at once. A table that changes by a few rows of interest each day wants less than 10 %:

    ALTER TABLE customers SET (autovacuum_analyze_scale_factor = 0.02);

## When to ignore
On a database that was filled a moment ago, when autovacuum is about to come.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at_estimate
from dbaudit.checks.plan._misestimate import Misestimate, root_misestimate, severity_of
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._stale import FEWEST_ROWS, MODIFIED_RATIO, analyze, is_modified, is_never_analyzed, rows_modified, told
from dbaudit.checks.plan._words import about, node_name, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.column import Column
from dbaudit.facts.plan_time import node_times
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Scalar, Severity, Subject
from dbaudit.units import count


class Options(NamedTuple):
    """From which share of the table, and from how many rows written on, statistics are out of date."""

    modified_ratio: float = MODIFIED_RATIO
    modified_rows: int = FEWEST_ROWS


@check("PLN018", name="stale-statistics", severity=Severity.WARNING, needs=(Explained, Table, Column), options=Options)
def stale_statistics(facts: Facts, options: Options) -> Verdicts:
    relations, servers = Relations.of(facts), facts.get(Server)
    never: dict[Table, set[int]] = {}
    blamed: set[Table] = set()
    for number, explained in enumerate(facts[Explained]):
        for node in explained.plan.nodes() if explained.plan else ():
            table = relations.table(node)
            if table and is_never_analyzed(table, relations, servers):
                never.setdefault(table, set()).add(number)
        found = root_misestimate(explained.plan) if explained.plan and explained.plan.was_run else None
        table = relations.table(found.node) if found else None
        is_old = table and is_modified(table, ratio=options.modified_ratio, rows=options.modified_rows)
        if table and (table in never or is_old):
            blamed.add(table)
            yield _misled(explained, found, table, relations, table in never)
    for whole in dict.fromkeys(relations.whole(table) for table in never if table not in blamed):
        parts = [table for table in never if relations.whole(table) == whole]
        yield _never_analyzed(whole, len(set().union(*(never[part] for part in parts))))


def _misled(explained: Explained, found: Misestimate, table: Table, relations: Relations, is_never: bool) -> Finding:
    message = f"{told(table, is_never)}: the planner expected {rows(found.expected_rows)} of {node_name(found.node)} "
    message += f"and got {rows(found.actual_rows)}; the {found.join.node_type} above it was chosen for that"
    evidence: dict[str, Scalar] = {
        "node": node_name(found.node),
        "expected_rows_count": found.expected_rows,
        "actual_rows_count": found.actual_rows,
        "modified_rows_count": round(rows_modified(table)),
    }
    if table.analyze_age_s is not None:
        evidence["analyze_age_s"] = round(table.analyze_age_s)
    if explained.plan and (time := node_times(explained.plan).get(found.join)):
        evidence["time_ms"] = round(time.inclusive_ms, 3)
    whole = relations.whole(table)
    return Finding(
        code="PLN018",
        subject=about(explained.statement),
        message=message,
        severity=severity_of(found, explained.plan.execution_ms if explained.plan else None),
        span=explained.statement.span,
        in_plan=at_estimate(explained, found.node, found.join, relation=whole.name if whole != table else ""),
        evidence=evidence,
        fixes=(analyze(whole),),
        discriminator=whole.qualified,
    )


def _never_analyzed(whole: Table, statements: int) -> Finding:
    read = count(statements, "statement reads", "statements read")
    return Finding(
        code="PLN018",
        subject=Subject(kind="table", name=whole.qualified),
        message=f"{whole.qualified} was never analyzed, and {read} it by a plan that rests on guesses",
        severity=Severity.INFO,
        evidence={"statements_count": statements, "size_bytes": whole.size_bytes},
        fixes=(analyze(whole),),
    )
