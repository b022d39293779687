"""An UPDATE or DELETE changes every row of a table.

## What it does
Reports UPDATE and DELETE without a WHERE clause, also inside WITH.

## Why it matters
Every row is locked, and for UPDATE written anew with its index entries: the table grows to twice its size, and whoever
wants one of its rows waits until the transaction ends. More often a condition was forgotten.

## How it is found
In the text: the statement has no WHERE clause of its own. In a file that also creates, alters or drops something, a
migration, it is often meant, so the severity is INFO there. `WHERE true` says that every row is meant, and is quiet.

## Example
    UPDATE orders SET status = 'archived';

## Instead
    UPDATE orders SET status = 'archived' WHERE placed_at < now() - interval '2 years';
To empty a table, TRUNCATE is faster; to change a large one, go in batches by the primary key.

## When to ignore
When every row is meant and the table is small, such as a queue or a staging table. Write `WHERE true` to say so.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Unknown


@check("SQL002", name="update-or-delete-without-where", severity=Severity.WARNING, needs=(StatementText,))
def update_or_delete_without_where(facts: Facts) -> Verdicts:
    for look in looks(facts, Sight.NO_WHERE, also_once=True):
        yield look if isinstance(look, Unknown) else _finding(look)


def _finding(look: Look) -> Finding:
    command, relation = look.sighting.names
    return finding(
        "SQL002",
        look,
        f"{command} has no WHERE clause, so it changes every row of {relation}"
        if command == "UPDATE"
        else f"DELETE has no WHERE clause, so it removes every row of {relation}",
        Severity.INFO if look.runs_once else Severity.WARNING,
        "add the condition, or WHERE true where every row is meant",
    )
