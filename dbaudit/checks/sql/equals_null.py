"""A comparison with NULL is never true.

## What it does
Reports `= NULL`, `<> NULL` and `!= NULL`.

## Why it matters
The result of such a comparison is NULL, whatever stands on the other side, so the condition selects no row at all: no
error, just an answer that is wrong.

## How it is found
In the text. An assignment (`SET a = NULL`, also in ON CONFLICT and MERGE) and a named argument (`a => NULL`) are none.

## Example
    SELECT id FROM orders WHERE shipped_at = NULL;

## Instead
    SELECT id FROM orders WHERE shipped_at IS NULL;

## When to ignore
When the server runs with transform_null_equals = on, for the sake of an old application.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Unknown


@check("SQL012", name="equals-null", severity=Severity.ERROR, needs=(StatementText,))
def equals_null(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.EQUALS_NULL, also_once=True):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    is_equal = look.sighting.names == ("=",)
    return finding(
        "SQL012",
        look,
        f"{look.sighting.text} is never true: a comparison with NULL is NULL",
        Severity.ERROR,
        f"write {'IS NULL' if is_equal else 'IS NOT NULL'}",
    )
