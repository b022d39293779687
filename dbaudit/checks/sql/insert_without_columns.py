"""An INSERT does not name the columns it fills.

## What it does
Reports INSERT INTO table VALUES … and INSERT INTO table SELECT … without a list of columns.

## Why it matters
The values go to the columns in the order of the table. A column that is added, dropped or comes in another order in
another database makes the statement fail, or puts values where they do not belong.

## How it is found
In the text; with a server the fix names the columns. DEFAULT VALUES is quiet, and so are migrations: files that also create, alter or drop something.

## Example
    INSERT INTO customers VALUES (1, 'a@example.com');

## Instead
    INSERT INTO customers (id, email) VALUES (1, 'a@example.com');

## When to ignore
When the source is a twin of the table by construction, such as a partition or a copy that is swapped in.
"""

from __future__ import annotations

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._schema import Schema, column_list, schema_facts
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Unknown


@check("SQL013", name="insert-without-columns", severity=Severity.INFO, needs=(StatementText,), uses=schema_facts)
def insert_without_columns(facts: Facts) -> Verdicts:
    schema = Schema.of(facts)
    for look in looks(facts, Sight.NO_COLUMN_LIST):
        yield look if isinstance(look, Unknown) else _finding(look, schema)


def _finding(look: Look, schema: Schema) -> Finding:
    (relation,) = look.sighting.names
    columns = column_list(schema.columns_of(relation))
    return finding(
        "SQL013",
        look,
        f"the columns of {relation} are not named: the values go by the order that the table happens to have",
        Severity.INFO,
        f"name the columns: INSERT INTO {relation} ({columns or '…'})",
    )
