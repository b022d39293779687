"""A statement takes some rows of many, and does not say which.

## What it does
Reports LIMIT and FETCH FIRST without ORDER BY.

## Why it matters
Which rows come is left to the plan: another plan, a vacuum or a parallel worker gives other rows. Pages overlap and miss
rows; a test passes here and fails there.

## How it is found
In the text of whole statements. Quiet are subqueries (EXISTS, IN, a batch of a job queue), FOR UPDATE, LIMIT 0, a
select list of constants (asking whether there is a row), aggregates, LIMIT 1 with an equality, which most likely means
one row by its key, and queries that read no relation.

## Example
    SELECT id, title FROM articles LIMIT 10;

## Instead
    SELECT id, title FROM articles ORDER BY id LIMIT 10;

## When to ignore
When any rows will do, such as a glance at a table.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL008", name="limit-without-order-by", severity=Severity.INFO, needs=(StatementText,))
def limit_without_order_by(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.LIMIT_WITHOUT_ORDER):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    return finding(
        "SQL008",
        look,
        f"{look.sighting.text} without ORDER BY: which rows come is left to the plan",
        Severity.INFO,
        "add ORDER BY on a unique key",
        confidence=Confidence.MEDIUM,
    )
