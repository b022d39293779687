"""Pages are skipped by OFFSET.

## What it does
Reports OFFSET with a parameter, and OFFSET of 100 rows or more (option `rows`).

## Why it matters
The server makes every row that is skipped, and throws it away: page 1,000 costs a thousand times page 1. And where rows
come and go between two pages, some are shown twice and others never.

## How it is found
In the text. How far the pages go is not in it, so the severity is INFO. OFFSET 0 is quiet. Where `dbaudit explain` has the
plan, PLN008 speaks of a constant OFFSET in place of this check, and the next page is written by its key: of one table,
in an order by columns that are NOT NULL and have a key among them, or the primary key put behind.

## Example
    SELECT id, title FROM articles ORDER BY id LIMIT 20 OFFSET $1;

## Instead
    SELECT id, title FROM articles WHERE id > $1 ORDER BY id LIMIT 20;
where $1 is the last id of the page before.

## When to ignore
When there are never more than a few pages, or a person must be able to jump to any of them.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import Rewrites, known_rewrites
from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks, rewritten
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Confidence, Finding, Severity, Unknown


class Options(NamedTuple):
    """From how many rows on a constant OFFSET is worth a word."""

    rows: int = 100


@check("SQL006", name="offset-pagination", severity=Severity.INFO, needs=(StatementText,), options=Options)
def offset_pagination(facts: Facts, options: Options) -> Verdicts:
    planned = {row.statement.identity for row in facts.get(Explained) if row.plan}
    rewrites = known_rewrites(facts)
    for look in looks(facts, Sight.OFFSET):
        if isinstance(look, Unknown):
            yield look
        elif look.sighting.number is None:
            yield _finding(look, rewrites, "skips as many rows as its parameter says")
        elif look.sighting.number >= options.rows and look.text.statement.identity not in planned:
            yield _finding(look, rewrites, f"skips {look.sighting.number:,} rows")


def _finding(look: Look, rewrites: Rewrites, skips: str) -> Finding:
    found = finding(
        "SQL006",
        look,
        f"OFFSET {skips}: the server makes each of them and throws it away",
        Severity.INFO,
        "page by the key: WHERE key > the last one seen, ORDER BY key, LIMIT",
        confidence=Confidence.MEDIUM,
    )
    return rewritten(found, look, rewrites)
