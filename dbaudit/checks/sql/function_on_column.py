"""A column is hidden in an expression that is compared with a constant.

## What it does
Reports conditions that compare a function, a cast or arithmetic of a column with a constant.

## Why it matters
An index on the column cannot serve such a condition: the server computes the expression for every row. An index on the
expression makes it right, and the text does not tell whether there is one: hence INFO, and low confidence.

## How it is found
In the text of WHERE clauses and join conditions: one side is f(column), column::type, or column and a constant with an
operator of arithmetic, the other side holds no column. Where `dbaudit explain` has the plan of the statement, PLN022
speaks in place of this check, and knows the indexes.

## Example
    SELECT id FROM orders WHERE placed_at::date = '2025-11-28';

## Instead
    SELECT id FROM orders WHERE placed_at >= '2025-11-28' AND placed_at < '2025-11-29';
or, where the expression is what is meant, an index on it:
    CREATE INDEX CONCURRENTLY ON customers (lower(email));

## When to ignore
When there is an index on the expression, another condition leaves few rows, or the table is small.
"""

from __future__ import annotations

import re

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, Sighting, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown

_SIGHTS = (Sight.FUNCTION_ON_COLUMN, Sight.CAST_OF_COLUMN, Sight.ARITHMETIC_ON_COLUMN)
_OF_TIME = re.compile(r"(date_trunc|date_part|extract|date|to_char)\s*\(|cast\s*\(.*\sas\s+date\s*\)$", re.IGNORECASE)


@check("SQL004", name="function-on-column", severity=Severity.INFO, needs=(StatementText,))
def function_on_column(facts: Facts) -> Verdicts:
    for look in looks(facts, *_SIGHTS, unless_planned=True):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    sighting = look.sighting
    column = sighting.names[0]
    return finding(
        "SQL004",
        look,
        f"an index on {column} does not serve this condition: it compares {sighting.text}",
        Severity.INFO,
        _title(sighting),
        confidence=Confidence.LOW,
    )


def _title(sighting: Sighting) -> str:
    column, relation = sighting.names
    if sighting.sight is Sight.ARITHMETIC_ON_COLUMN:
        return f"move the arithmetic to the other side, so that {column} stands alone"
    if _OF_TIME.match(sighting.text) or sighting.text.lower().endswith("::date"):
        return f"compare {column} with a range: >= its begin and < its end"
    if sighting.sight is Sight.CAST_OF_COLUMN:
        return f"cast the constant to the type of {column}"
    return f"create an index on {f'{relation} ({sighting.text})' if relation else sighting.text}, or compare {column} itself"
