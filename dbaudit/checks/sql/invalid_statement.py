"""The server does not accept a statement.

## What it does
Reports statements that the server rejects before it runs them: a syntax error, an unknown relation, column or
function, a type that does not fit.

## Why it matters
The statement fails each time it is sent to this database. Either the code is wrong, or the database is not the one
that the code was written for: a migration has not been run there, or the search_path is another one.

## How it is found
The server itself parses, analyzes and plans the statement, in a read-only transaction. Its own words and the place it
points at are the finding.
Where a name is unknown and an earlier statement of the same file may define it, or sets the search_path, nothing can
be said: dbaudit runs no such statement.

## Example
    SELECT nmae FROM customers;

## Instead
    SELECT name FROM customers;

## When to ignore
When the statement is for another database, or for a temporary table that the program makes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained, How, Kind, Refusal, Statement
from dbaudit.finding import Finding, Fix, Severity, Subject, Unknown

# Undefined table, column, function, object, schema, cursor, prepared statement.
_UNDEFINED = frozenset(["42P01", "42703", "42883", "42704", "3F000", "34000", "26000"])
_DEFINING = ("CREATE", "ALTER", "PREPARE", "DECLARE")
_NAME = r'"(?:[^"]*\.)?([^".]+)"|(?:function|procedure|aggregate) (?:\w+\.)?(\w+)\('


@check("SQL019", name="invalid-statement", severity=Severity.ERROR, needs=(Explained,))
def invalid_statement(facts: Facts) -> Verdicts:
    before: list[Statement] = []
    for explained in facts[Explained]:
        statement, refusal = explained.statement, explained.refusal
        if explained.how is How.REJECTED and refusal:
            definition = _definition(before, statement, refusal)
            yield _depends(statement, refusal, definition) if definition else _finding(statement, refusal)
        elif explained.how is How.NOT_RUN:
            before.append(statement)


def _definition(before: Iterable[Statement], statement: Statement, refusal: Refusal) -> Statement | None:
    """The earlier statement of the same file, not run, that may bring what the server does not know."""
    if refusal.sqlstate not in _UNDEFINED:
        return None
    named = re.search(_NAME, refusal.message)
    name = (named.group(1) or named.group(2)) if named else ""
    for earlier in before:
        if earlier.span.path == statement.span.path and _may_define(earlier, name):
            return earlier
    return None


def _may_define(statement: Statement, name: str) -> bool:
    text = statement.text.lower()
    if statement.kind is Kind.META_COMMAND:
        return text.startswith(("\\i", "\\c"))
    if statement.command == "SET":
        return "search_path" in text
    return (statement.command.startswith(_DEFINING) or "into" in text) and name.lower() in text


def _depends(statement: Statement, refusal: Refusal, definition: Statement) -> Unknown:
    return Unknown(
        reason=f"{refusal.message}, but {definition.label} comes before it and was not run",
        remedy=f"audit a database in which {definition.label} has been run",
        subject=_subject(statement),
    )


def _subject(statement: Statement) -> Subject:
    return Subject(kind="statement", name=statement.name or statement.identity)


def _finding(statement: Statement, refusal: Refusal) -> Finding:
    return Finding(
        code="SQL019",
        subject=_subject(statement),
        message=f"the server rejects the statement: {refusal.message}",
        severity=Severity.ERROR,
        span=refusal.span or statement.span,
        evidence={"sqlstate": refusal.sqlstate, **({"hint": refusal.hint} if refusal.hint else {})},
        fixes=(_fix(refusal),),
    )


def _fix(refusal: Refusal) -> Fix:
    return Fix(title=f"correct it: {refusal.hint}" if refusal.hint else "correct the statement", applicability="manual")
