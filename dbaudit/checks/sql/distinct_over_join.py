"""DISTINCT drops the rows that a join has multiplied.

## What it does
Reports SELECT DISTINCT over a join whose select list reads the columns of one side only.

## Why it matters
The join makes a row for each match, and DISTINCT sorts or hashes them all to drop them again. EXISTS stops at the first
match, and multiplies nothing.

## How it is found
In the text: each item of the list is a column with the name or alias of the same relation. Whether the other side can have
several matches is not in the text, hence INFO and low confidence. With a server the check is quiet where a unique key
allows one match only, and sure where the list has a unique key, so that nothing but the join makes duplicates.

## Example
    SELECT DISTINCT c.id, c.name FROM customers AS c JOIN orders AS o ON o.customer_id = c.id;

## Instead
    SELECT c.id, c.name FROM customers AS c
    WHERE EXISTS (SELECT FROM orders AS o WHERE o.customer_id = c.id);

## When to ignore
When the relation itself has duplicates that are to be dropped.
"""

from __future__ import annotations

from dbaudit.checks._words import listed
from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL010", name="distinct-over-join", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def distinct_over_join(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.DISTINCT_OVER_JOIN):
        if isinstance(look, Unknown):
            yield look
            continue
        one, *others = look.sighting.reads or (None,)
        if not others or not all(schema.is_unique(read.relation, read.columns, may_be_null=True) for read in others):
            has_key = one is not None and schema.is_unique(one.relation, one.columns, may_be_null=False)
            yield _finding(look, Confidence.HIGH if has_key else Confidence.LOW)


def _finding(look: Look, confidence: Confidence) -> Finding:
    one, *others = look.sighting.names
    return finding(
        "SQL010",
        look,
        f"only columns of {one} are read: DISTINCT drops the rows that the join to {listed(others)} has multiplied",
        Severity.INFO,
        f"ask for {listed(others)} by EXISTS, without DISTINCT",
        confidence=confidence,
    )
