"""A WITH query is read by nothing.

## What it does
Reports a query in WITH whose name stands nowhere else in the statement.

## Why it matters
PostgreSQL never runs it: it is either dead text, or the statement was meant to read it and does not.

## How it is found
In the text. INSERT, UPDATE, DELETE and MERGE in WITH run whether or not they are read, and are quiet.

## Example
    WITH recent AS (SELECT id FROM orders WHERE placed_at > $1) SELECT id FROM orders;

## Instead
    WITH recent AS (SELECT id FROM orders WHERE placed_at > $1) SELECT id FROM recent;

## When to ignore
When the statement is put together from parts, and a part is not always used.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Unknown


@check("SQL018", name="unused-cte", severity=Severity.INFO, needs=(StatementText,))
def unused_cte(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.UNUSED_CTE, also_once=True):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    (name,) = look.sighting.names
    return finding(
        "SQL018",
        look,
        f"nothing reads the WITH query {name}, so it is never run",
        Severity.INFO,
        f"remove {name}, or read it where it was meant to be read",
    )
