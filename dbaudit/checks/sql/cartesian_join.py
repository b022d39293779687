"""Two relations are combined, each row with each row.

## What it does
Reports relations in FROM, separated by a comma, that no condition links.

## Why it matters
The result has as many rows as both have multiplied: 10,000 and 10,000 make 100 million. Mostly a condition was forgotten,
and a DISTINCT or LIMIT hides it.

## How it is found
In the text: no term of the WHERE clause names both. Quiet where the text leaves a doubt: a column without its table's
name beside another, a relation that an equality with a constant narrows, functions, subqueries and WITH queries, which
often are one row, LATERAL; and CROSS JOIN, which says that it is meant.

## Example
    SELECT o.id, c.name FROM orders AS o, customers AS c WHERE o.status = $1 AND c.country > $2;

## Instead
    SELECT o.id, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.status = $1 AND c.country > $2;

## When to ignore
When every combination is meant: write CROSS JOIN to say so.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL011", name="cartesian-join", severity=Severity.WARNING, needs=(StatementText,))
def cartesian_join(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.CARTESIAN, also_once=True):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    first, second, *others = look.sighting.names
    more = f" (and {', '.join(others)})" if others else ""
    return finding(
        "SQL011",
        look,
        f"nothing links {first} and {second}{more}: each row of one is combined with each row of the other",
        Severity.WARNING,
        f"add the condition that links {first} and {second}, or write CROSS JOIN where it is meant",
        confidence=Confidence.MEDIUM,
    )
