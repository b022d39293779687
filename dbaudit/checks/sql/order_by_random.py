"""All rows are sorted by chance to take some.

## What it does
Reports ORDER BY random(), and ORDER BY of a random UUID.

## Why it matters
The server computes a number for every row that the conditions leave, and sorts them all, to return a few. No index helps.

## How it is found
In the text: the first item of an ORDER BY clause of a query that reads a relation. A random order of what a function or
VALUES returns is quiet.

## Example
    SELECT id FROM products ORDER BY random() LIMIT 1;

## Instead
    SELECT id FROM products WHERE id >= $1 ORDER BY id LIMIT 1;
where $1 is a random number between the smallest and the largest id; or TABLESAMPLE, for a sample of a large table.

## When to ignore
When the conditions leave few rows.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL007", name="order-by-random", severity=Severity.WARNING, needs=(StatementText,))
def order_by_random(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.ORDER_BY_RANDOM):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    return finding(
        "SQL007",
        look,
        f"{look.sighting.text} sorts every row that the conditions leave",
        Severity.WARNING,
        "start from a random key, or use TABLESAMPLE",
        confidence=Confidence.MEDIUM,
    )
