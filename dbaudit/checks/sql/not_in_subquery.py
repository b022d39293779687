"""NOT IN asks a subquery that may return NULL.

## What it does
Reports NOT IN (SELECT …), and <> ALL (SELECT …), where nothing says that the subquery returns no NULL.

## Why it matters
One NULL among the results, and NOT IN is true for no row: the answer is empty, without an error. And the planner cannot
make an anti-join of it: it hashes the whole subquery, or runs it once per row where it does not fit into work_mem.

## How it is found
In the text. Quiet where the subquery returns a literal or a count, tests its column for IS NOT NULL or compares it, and
where the server says that the column is NOT NULL. A column that is called id is most likely a primary key: INFO, with
low confidence.

## Example
    SELECT id FROM customers WHERE id NOT IN (SELECT referred_by FROM customers);

## Instead
    SELECT id FROM customers AS c
    WHERE NOT EXISTS (SELECT FROM customers AS r WHERE r.referred_by = c.id);

## When to ignore
When the column is NOT NULL, and the subquery returns few rows.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.column import Column
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


@check("SQL005", name="not-in-subquery", severity=Severity.WARNING, needs=(StatementText,))
def not_in_subquery(facts: Facts) -> Verdicts:
    columns = facts.get(Column)
    for look in looks(facts, Sight.NOT_IN_SUBQUERY, also_once=True):
        if isinstance(look, Unknown):
            yield look
        elif not _is_not_null(columns, *look.sighting.names[1:]):
            yield _finding(look)


def _is_not_null(columns: tuple[Column, ...], name: str, relation: str) -> bool:
    """Whether the server knows this column, and knows no nullable one of that name in a table of that name."""
    table = relation.rpartition(".")[2].strip('"').lower()
    known = [column for column in columns if column.name == name and column.table.lower() == table]
    return bool(known) and not any(column.is_nullable for column in known)


def _finding(look: Look) -> Finding:
    item, column, _ = look.sighting.names
    is_likely_key = column == "id"
    return finding(
        "SQL005",
        look,
        f"NOT IN is true for no row at all as soon as the subquery returns one NULL{f' for {item}' if item else ''}",
        Severity.INFO if is_likely_key else Severity.WARNING,
        "write NOT EXISTS (SELECT … WHERE …), which NULL does not disturb",
        confidence=Confidence.LOW if is_likely_key else Confidence.MEDIUM,
    )
