"""An IN list has many values.

## What it does
Reports IN and NOT IN lists of more than 100 values (option `values`).

## Why it matters
Each value is parsed and planned anew each time; and each length of the list is another statement to a server before
PostgreSQL 18, so prepared statements do not help and pg_stat_statements fills up with copies.

## How it is found
In the text: the values are literals, parameters or constant expressions, and their number is counted.

## Example
    SELECT id, name FROM products WHERE id IN (1, 2, 3, /* 500 more */ 504);

## Instead
    SELECT id, name FROM products WHERE id = ANY($1);
with the values as one array; for thousands, JOIN unnest($1::bigint[]).

## When to ignore
When the list is fixed, and part of what the statement means.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Severity, Unknown
from dbaudit.units import count


class Options(NamedTuple):
    """A list of up to `values` values is not worth a word."""

    values: int = 100


@check("SQL014", name="long-in-list", severity=Severity.INFO, needs=(StatementText,), options=Options)
def long_in_list(facts: Facts, options: Options) -> Verdicts:
    for look in looks(facts, Sight.IN_LIST):
        if isinstance(look, Unknown):
            yield look
        elif (number := look.sighting.number or 0) > options.values:
            yield finding(
                "SQL014",
                look,
                f"the IN list has {count(number, 'value')}, which are parsed and planned anew each time",
                Severity.INFO,
                "send the values as one array: = ANY($1), or a join to unnest($1)",
                evidence={"value_count": number},
            )
