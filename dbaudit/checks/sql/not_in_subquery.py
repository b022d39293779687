"""NOT IN asks a subquery that may return NULL.

## What it does
Reports NOT IN (SELECT …), and <> ALL (SELECT …), where nothing says that the subquery returns no NULL.

## Why it matters
One NULL among the results, and NOT IN is true for no row: the answer is empty, without an error. And the planner cannot
make an anti-join of it: it hashes the whole subquery, or runs it once per row where it does not fit into work_mem.

## How it is found
In the text. Quiet where the subquery returns a literal or a count, tests its column for IS NOT NULL or compares it, and
where the server says that the column is NOT NULL. A column that is called id is most likely a primary key: INFO, with
low confidence, unless the server says that it is nullable. ERROR where its statistics count NULLs in the column and the
subquery takes every row: then the answer is empty already. A column whose domain or CHECK forbids NULL is nullable too.

## Example
    SELECT id FROM customers WHERE id NOT IN (SELECT referred_by FROM customers);

## Instead
    SELECT id FROM customers AS c
    WHERE NOT EXISTS (SELECT FROM customers AS r WHERE r.referred_by = c.id);

## When to ignore
When the column is NOT NULL, and the subquery returns few rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown

if TYPE_CHECKING:
    from dbaudit.facts.column import Column

_FIX = "write NOT EXISTS (SELECT … WHERE …), which NULL does not disturb"
# Words by which a subquery takes some rows only; a text that is cut short may have them behind.
_FEWER_ROWS = r"(?i)\b(?:where|join|limit|offset|fetch|having|tablesample)\b|…$"


@check("SQL005", name="not-in-subquery", severity=Severity.WARNING, needs=(StatementText,), uses=schema_facts)
def not_in_subquery(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.NOT_IN_SUBQUERY, also_once=True):
        if isinstance(look, Unknown):
            yield look
            continue
        column = next((schema.column(read.relation, *read.columns) for read in look.sighting.reads), None)
        if column is None or column.is_nullable and column.type != column.base_type:
            yield _finding(look)
        elif column.is_nullable:
            yield _known(look, column)


def _known(look: Look, column: Column) -> Finding:
    """The column is nullable; where some values are NULL, and all rows are taken, the condition is never true."""
    null_ratio = column.null_fraction or 0
    is_empty = bool(null_ratio) and not re.search(_FEWER_ROWS, look.sighting.text)
    some = f", and {null_ratio * 100:.1f} % of its values were NULL when it was analyzed" if null_ratio else ""
    return finding(
        "SQL005",
        look,
        f"{column.table}.{column.quoted} is not NOT NULL{some}: with one NULL among them, NOT IN is true for no row at all",
        Severity.ERROR if is_empty else Severity.WARNING,
        _FIX,
        confidence=Confidence.HIGH if null_ratio else Confidence.MEDIUM,
        evidence={"null_ratio": null_ratio} if null_ratio else {},
    )


def _finding(look: Look) -> Finding:
    item, column, _ = look.sighting.names
    is_likely_key = column == "id"
    return finding(
        "SQL005",
        look,
        f"NOT IN is true for no row at all as soon as the subquery returns one NULL{f' for {item}' if item else ''}",
        Severity.INFO if is_likely_key else Severity.WARNING,
        _FIX,
        confidence=Confidence.LOW if is_likely_key else Confidence.MEDIUM,
    )
