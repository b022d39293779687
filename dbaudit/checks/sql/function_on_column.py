"""A column is hidden in an expression that is compared with a constant.

## What it does
Reports conditions that compare a function, a cast or arithmetic of a column with a constant.

## Why it matters
An index on the column cannot serve such a condition: the server computes the expression for every row. An index on the
expression makes it right, and the text does not tell whether there is one: hence INFO, and low confidence. A server
tells: then the check is quiet where there is one, and names the index that is defeated.

## How it is found
In the text of WHERE clauses and join conditions: one side is f(column), column::type, or column and a constant with an
operator of arithmetic, the other side holds no column. With a server, a cast to the type that the column has, or of a
varchar to text, is quiet. Where `dbaudit explain` has the plan of the statement, PLN022
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
from typing import TYPE_CHECKING

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._expressions import canonical, is_indexed
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, Sighting, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown

if TYPE_CHECKING:
    from dbaudit.facts.catalog import Index
    from dbaudit.facts.column import Column

_SIGHTS = (Sight.FUNCTION_ON_COLUMN, Sight.CAST_OF_COLUMN, Sight.ARITHMETIC_ON_COLUMN)
_OF_TIME = r"(?i)(date_trunc|date_part|extract|date|to_char)\s*\(|cast\s*\(.*\sas\s+date\s*\)$"


@check("SQL004", name="function-on-column", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def function_on_column(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, *_SIGHTS, unless_planned=True):
        if isinstance(look, Unknown):
            yield look
            continue
        sighting = look.sighting
        column = next((schema.column(read.relation, *read.columns) for read in sighting.reads), None)
        indexes = (schema.indexes_of(sighting.reads[0].relation) if column else None) or ()
        if not (is_indexed(sighting.text, indexes) or column and _is_same_type(sighting, column)):
            yield _finding(look, next((index for index in indexes if index.key_columns[0] == column.name), None))


def _is_same_type(sighting: Sighting, column: Column) -> bool:
    """Whether a cast leaves the column as it is, so that its index serves."""
    target = canonical(sighting.text).partition("::")[2]
    is_text = not target and column.base_type in ("text", "character varying")
    return sighting.sight is Sight.CAST_OF_COLUMN and (is_text or target == column.type)


def _finding(look: Look, defeated: Index | None) -> Finding:
    sighting = look.sighting
    index = defeated.qualified if defeated else f"an index on {sighting.names[0]}"
    return finding(
        "SQL004",
        look,
        f"{index} does not serve this condition: it compares {sighting.text}",
        Severity.INFO,
        _title(sighting),
        confidence=Confidence.HIGH if defeated else Confidence.LOW,
    )


def _title(sighting: Sighting) -> str:
    column, relation = sighting.names
    if sighting.sight is Sight.ARITHMETIC_ON_COLUMN:
        return f"move the arithmetic to the other side, so that {column} stands alone"
    if re.match(_OF_TIME, sighting.text) or sighting.text.lower().endswith("::date"):
        return f"compare {column} with a range: >= its begin and < its end"
    if sighting.sight is Sight.CAST_OF_COLUMN:
        return f"cast the constant to the type of {column}"
    return f"create an index on {f'{relation} ({sighting.text})' if relation else sighting.text}, or compare {column} itself"
