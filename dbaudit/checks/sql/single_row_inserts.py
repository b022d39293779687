"""Rows are inserted one statement at a time.

## What it does
Reports 10 or more INSERT statements in a row, each of one row, with the same table and columns (option `statements`); in
a migration, a file that also creates, alters or drops something, 1,000 or more (option `statements_once`).

## Why it matters
Each statement is a round trip, and without a transaction around them each is a commit that waits for the disk. One
statement of many rows, or COPY, is many times faster.

## How it is found
In the text of a file: nothing but comments stands between the statements. The finding is at the first, and reaches to the
end of the last.

## Example
    INSERT INTO tags (name) VALUES ('a');
    INSERT INTO tags (name) VALUES ('b');

## Instead
    INSERT INTO tags (name) VALUES ('a'), ('b');
In an application: executemany in a pipeline, INSERT … SELECT FROM unnest($1::text[]), or COPY.

## When to ignore
When the file is small, runs once, and is read more often than it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from dbaudit.checks.registry import Verdicts, check
from dbaudit.checks.sql._sightings import Look, finding, looks
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.finding import Finding, Severity, Span, Unknown
from dbaudit.units import count


class Options(NamedTuple):
    """From how many statements in a row on it is worth a word, and in a migration, which runs once."""

    statements: int = 10
    statements_once: int = 1000


@check("SQL016", name="single-row-inserts", severity=Severity.INFO, needs=(StatementText,), options=Options)
def single_row_inserts(facts: Facts, options: Options) -> Verdicts:
    inserts: dict[str, Look] = {}
    for look in looks(facts, Sight.SINGLE_ROW_INSERT, also_once=True):
        if isinstance(look, Unknown):
            yield look
        else:
            inserts[look.text.statement.identity] = look
    for run in _runs(facts, inserts):
        if len(run) >= (options.statements_once if run[0].runs_once else options.statements):
            yield _finding(run)


def _runs(facts: Facts, inserts: dict[str, Look]) -> Iterator[list[Look]]:
    """Statements behind each other in one file that insert one row each, of the same columns of the same table."""
    run: list[Look] = []
    for text in facts[StatementText]:
        look = inserts.get(text.statement.identity)
        if run and (look is None or _shape(look) != _shape(run[0])):
            yield run
            run = []
        if look:
            run.append(look)
    if run:
        yield run


def _shape(look: Look) -> tuple[str, ...]:
    return (look.sighting.span.path, *look.sighting.names)


def _finding(run: list[Look]) -> Finding:
    first, last = run[0].sighting.span, run[-1].sighting.span
    span = Span(
        path=first.path,
        line=first.line,
        column=first.column,
        end_line=last.end_line,
        end_column=last.end_column,
    )
    one = finding(
        "SQL016",
        run[0],
        f"{count(len(run), 'INSERT statement')} in a row put one row each into {run[0].sighting.names[0]}",
        Severity.INFO,
        "insert many rows by one statement, or use COPY",
        evidence={"statement_count": len(run)},
    )
    return replace(one, span=span)
