"""A loop sends a statement for each row (N+1).

## What it does
Reports, inside of a loop: a query or a single-row write whose values come from the row, a commit per row, and an attribute
of a row that is loaded when it is read (Django's foreign keys and their other ends, SQLAlchemy's relationships).

## Why it matters
Every statement is a round trip, 0.2 to 2 ms on a network, and a commit waits for the disk. A page of 50 rows sends 51
statements, holds its connection fifty times as long, and nobody sees it as each of them is fast.

## How it is found
In the source, with functions that the loop calls, two deep. HIGH where the loop is reached from a route or a task and the
object is known to be a connection, a session or a model; otherwise MEDIUM or LOW and INFO. Silent: loops over
constants, batches, pages, databases, tables; retries; what runs on a condition, such as a cache's miss or every thousandth
row; executemany, bulk operations, pipelines; select_related, prefetch_related and loader options.

## Example
    for book in Book.objects.all():
        print(book.author.name)

## Instead
    for book in Book.objects.select_related("author"):
        print(book.author.name)
SQL: WHERE id = ANY(%s), a join, INSERT … SELECT FROM unnest, executemany. SQLAlchemy: selectinload.

## When to ignore
When the loop runs over few rows and always will.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import finding, route, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import RepeatedQuery, Repeats
from dbaudit.finding import Confidence, Severity

_WHAT = {
    Repeats.QUERY: "sends a query for each of",
    Repeats.WRITE: "writes one row for each of",
    Repeats.COMMIT: "commits for each of",
    Repeats.LAZY_LOAD: "loads a row or a set with a query of its own for each of",
}
_FIXES = {
    Repeats.QUERY: "ask once for all rows: a join, or WHERE key = ANY(list)",
    Repeats.WRITE: "write all rows by one statement: executemany, a bulk operation, INSERT … SELECT FROM unnest, or COPY",
    Repeats.COMMIT: "commit once after the loop, or once per thousand rows",
    Repeats.LAZY_LOAD: "load it with the rows: select_related or prefetch_related, joinedload or selectinload",
}


@check("POL016", name="query-in-loop", severity=Severity.WARNING, needs=(RepeatedQuery,))
def query_in_loop(facts: Facts) -> Verdicts:
    yield from unread(facts)
    for row in facts[RepeatedQuery]:
        through = f" ({' → '.join((*row.steps, row.call))})" if row.steps else ""
        reached = f"; reached from {route(row.path)}" if row.path else ""
        yield finding(
            "POL016",
            row,
            f"{row.call} {_WHAT[row.repeats]} {row.over}{through}{reached}",
            _confidence(row),
            _FIXES[row.repeats],
            path=row.path,
            evidence={"repeats": row.repeats, "over": row.over},
        )


def _confidence(row: RepeatedQuery) -> Confidence:
    if not row.is_certain:
        return Confidence.LOW if row.path is None else Confidence.MEDIUM
    is_sure = row.path is not None and row.path.is_certain and not row.steps
    return Confidence.HIGH if is_sure else Confidence.MEDIUM
