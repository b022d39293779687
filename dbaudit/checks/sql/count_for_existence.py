"""Rows are counted only to see whether there is one.

## What it does
Reports a count that is compared with zero: (SELECT count(*) …) > 0, = 0, >= 1, < 1, and SELECT count(*) > 0 FROM ….

## Why it matters
Counting reads every row that matches. EXISTS stops at the first.

## How it is found
In the text: the query returns a count, has neither GROUP BY nor HAVING, and the comparison has the same answer for one
row as for a million. Where `dbaudit explain` has the plan and only tables are counted, the whole statement is rewritten,
planned on the same server, and proposed if that is cheaper.

## Example
    SELECT (SELECT count(*) FROM orders WHERE customer_id = $1) > 0;

## Instead
    SELECT EXISTS (SELECT FROM orders WHERE customer_id = $1);
For count(column), which leaves out NULL, add `AND column IS NOT NULL`.

## When to ignore
When there is never more than a handful of rows to count.
"""

from __future__ import annotations

from dbaudit.checks._rewrites import Rewrites, known_rewrites
from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks, rewritten
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Unknown


@check("SQL015", name="count-for-existence", severity=Severity.WARNING, needs=(StatementText,))
def count_for_existence(facts: Facts) -> Verdicts:
    rewrites = known_rewrites(facts)
    for look in looks(facts, Sight.COUNT_FOR_EXISTENCE):
        yield look if isinstance(look, Unknown) else _finding(look, rewrites)


def _finding(look: Look, rewrites: Rewrites) -> Finding:
    (instead,) = look.sighting.names
    found = finding(
        "SQL015",
        look,
        f"every row is counted to see whether there is one: {instead} stops at the first",
        Severity.WARNING,
        f"write {instead} (SELECT …)",
    )
    return rewritten(found, look, rewrites)
