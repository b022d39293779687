"""UNION looks for duplicates that make no difference.

## What it does
Reports UNION without ALL under IN and EXISTS, and UNION whose branches differ in a constant.

## Why it matters
UNION sorts or hashes all rows of all branches to drop duplicates. UNION ALL just passes them on, the first at once.

## How it is found
In the text. Under IN and EXISTS a duplicate changes nothing, which is certain. Branches that differ in a constant cannot
overlap, but UNION also drops the duplicates within each: low confidence. With a server it is certain where each branch
lists a unique key of the one relation it reads. In a recursive WITH query UNION is what ends the
recursion, and is quiet.

## Example
    SELECT 'order' AS kind, id FROM orders UNION SELECT 'refund', id FROM refunds;

## Instead
    SELECT 'order' AS kind, id FROM orders UNION ALL SELECT 'refund', id FROM refunds;

## When to ignore
When duplicates within a branch are to be dropped.
"""

from __future__ import annotations

from dbaudit.checks._words import listed
from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL009", name="union-without-all", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def union_without_all(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.UNION_NOT_COMPARED, Sight.UNION_OF_CONSTANTS):
        yield look if isinstance(look, Unknown) else _finding(look, schema)


def _finding(look: Look, schema: Schema) -> Finding:
    reads = look.sighting.reads
    if look.sighting.sight is Sight.UNION_NOT_COMPARED:
        (role,) = look.sighting.names
        message, confidence = f"under {role} a duplicate makes no difference, and UNION looks for them", Confidence.HIGH
    else:
        is_unique = reads and all(schema.is_unique(read.relation, read.columns, may_be_null=False) for read in reads)
        twins = ", and none of them has the same row twice" if is_unique else ""
        message = f"the branches differ in {listed(look.sighting.names)}, so they have no row in common{twins}"
        confidence = Confidence.HIGH if is_unique else Confidence.LOW
    unless = "" if confidence is Confidence.HIGH else ", unless a branch has duplicates of its own to drop"
    return finding("SQL009", look, message, Severity.INFO, f"write UNION ALL{unless}", confidence=confidence)
