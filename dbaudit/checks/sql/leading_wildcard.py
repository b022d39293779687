"""A LIKE pattern begins with a wildcard.

## What it does
Reports LIKE and ILIKE in a WHERE clause or a join condition whose pattern begins with %.

## Why it matters
An ordinary btree index finds what begins with something. For a pattern that may begin with anything the server reads
every row, unless there is a trigram index. The text does not tell how large the table is nor which indexes it has, so
the severity is INFO.

## How it is found
In the text: the pattern is a literal that begins with %, or is put together from one ('%' || $1). A parameter alone says
nothing. NOT LIKE is quiet, as no index would serve it; with a server, so is a column that has a trigram index. Where
`dbaudit explain` has the plan of the statement, PLN022 speaks in place of this check.

## Example
    SELECT id FROM products WHERE name LIKE '%lamp%';

## Instead
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX CONCURRENTLY ON products USING gin (name gin_trgm_ops);

## When to ignore
When the table is small, another condition leaves few rows, or the trigram index is there.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL003", name="leading-wildcard", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def leading_wildcard(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.LEADING_WILDCARD, unless_planned=True):
        if isinstance(look, Unknown):
            yield look
        elif not _has_trigrams(schema, look):
            yield _finding(look)


def _has_trigrams(schema: Schema, look: Look) -> bool:
    """Whether an index has trigrams of the column, or of an expression that may be the one compared."""
    for read in look.sighting.reads:
        for index in schema.indexes_of(read.relation) or ():
            if "_trgm_ops" in index.definition and (set(read.columns) & set(index.key_columns) or index.expressions):
                return True
    return False


def _finding(look: Look) -> Finding:
    column, relation = look.sighting.names
    place = f"{relation} ({column.rpartition('.')[2]})" if relation else column
    return finding(
        "SQL003",
        look,
        f"the pattern for {column} begins with a wildcard: only a trigram index serves it, no btree does",
        Severity.INFO,
        f"create a trigram index (pg_trgm) on {place}, or search by how it begins",
        confidence=Confidence.MEDIUM,
    )
