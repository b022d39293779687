"""A transaction waits for something other than the database.

## What it does
Reports HTTP requests, mail, sleeps and other processes between the beginning and the end of a transaction.

## Why it matters
As long as the other side takes, the transaction holds its connection, its locks, and, once it has written or runs at
REPEATABLE READ, what vacuum may not remove. When the other service slows down, the pool runs dry and the database
is blamed.

## How it is found
In the source: transaction.atomic, session.begin, engine.begin, conn.transaction, and psycopg's `with conn` after its
first statement, with what they call within three functions: HIGH. A session's query before and its commit behind the wait
is MEDIUM. Callbacks, such as those of transaction.on_commit, run later and are silent, and so is asyncio.sleep(0).

## Example
    with transaction.atomic():
        order.save()
        requests.post(PAYMENT_URL, json=...)

## Instead
    with transaction.atomic():
        order.save()
    requests.post(PAYMENT_URL, json=...)    # or transaction.on_commit, or a task

## When to ignore
When the other side must be asked under the lock, and answers within a timeout that is set.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import finding, route, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import HeldTransaction, Waits
from dbaudit.finding import Confidence, Severity

_FIXES = {
    Waits.MAIL: "send the mail after the commit (transaction.on_commit, or a task)",
    Waits.SLEEP: "end the transaction before the sleep",
}


@check("POL015", name="io-inside-transaction", severity=Severity.WARNING, needs=(HeldTransaction,))
def io_inside_transaction(facts: Facts) -> Verdicts:
    yield from unread(facts)
    for row in facts[HeldTransaction]:
        through = f" ({' → '.join((*row.steps, row.call))})" if row.steps else ""
        begun = f"begun by {row.begun_by}" if row.is_explicit else f"that {row.begun_by} began"
        reached = f"; reached from {route(row.path)}" if row.path else ""
        yield finding(
            "POL015",
            row,
            f"{row.call} {_waits(row.waits_for)}{through} in the transaction {begun} at line {row.begun_at.line}{reached}",
            Confidence.HIGH if row.is_explicit else Confidence.MEDIUM,
            _FIXES.get(row.waits_for, "do it before the transaction begins, or after its commit"),
            path=row.path,
            evidence={"waits_for": row.waits_for, "begun_by": row.begun_by},
        )


def _waits(waits: Waits) -> str:
    return "sleeps" if waits is Waits.SLEEP else f"waits for {waits}"
