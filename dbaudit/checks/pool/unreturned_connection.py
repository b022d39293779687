"""A connection or session is not given back on every path.

## What it does
Reports a connection or session that a function takes for itself, by connect(), getconn() or Session(), and never gives
back, or gives back only where nothing is raised; and psycopg2's `with connection`, which commits and does not close.

## Why it matters
What is not given back is missing in the pool until the garbage collector finds it. Under errors, which come in bursts,
the pool runs dry, and every request waits for its timeout.

## How it is found
In the source, function by function. What is returned, yielded, stored, closed in a finally, by `with`, closing() or an
exit stack is silent, and so is what a script's main function opens. It is HIGH where the function is reached from a route
or a task, and nothing else gets hold of the connection. A close that an exception jumps over is MEDIUM.

## Example
    conn = pool.getconn()
    rows = fetch(conn)
    pool.putconn(conn)

## Instead
    conn = pool.getconn()
    try:
        rows = fetch(conn)
    finally:
        pool.putconn(conn)
psycopg2: `with closing(psycopg2.connect(DSN)) as conn, conn:`. SQLAlchemy: `with Session(engine) as session:`.

## When to ignore
When what the connection is handed to closes it.
"""

from __future__ import annotations

from dbaudit.checks.pool._code import finding, route, unread
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.code import Borrowed, Return
from dbaudit.finding import Confidence, Severity

_HOW = {
    Return.NEVER: "is never given back",
    Return.NOT_ON_ERROR: "is not given back when something between is raised",
    Return.WITH_DOES_NOT_CLOSE: "is not closed: psycopg2's `with` ends the transaction, not the connection",
}


@check("POL012", name="unreturned-connection", severity=Severity.WARNING, needs=(Borrowed,))
def unreturned_connection(facts: Facts) -> Verdicts:
    yield from unread(facts)
    for row in facts[Borrowed]:
        is_pooled = row.call.endswith(("getconn", "acquire"))
        if row.given_back is Return.NOT_ON_ERROR and row.path is None and not is_pooled:
            continue
        reached = f"; reached from {route(row.path)}" if row.path else ""
        yield finding(
            "POL012",
            row,
            f"the {row.what} {row.variable} of {row.call} {_HOW[row.given_back]}{reached}",
            _confidence(row),
            _fix(row),
            path=row.path,
            evidence={"given_back": row.given_back},
        )


def _confidence(row: Borrowed) -> Confidence:
    if row.path is None:
        return Confidence.LOW if row.is_handed_on else Confidence.MEDIUM
    is_sure = row.path.is_certain and not row.is_handed_on and row.given_back is not Return.NOT_ON_ERROR
    return Confidence.HIGH if is_sure else Confidence.MEDIUM


def _fix(row: Borrowed) -> str:
    if row.call.endswith("acquire"):
        return f"use `async with` for {row.variable}, or release it in a finally"
    if row.call.endswith("getconn"):
        return f"give {row.variable} back by putconn in a finally"
    if row.library == "psycopg2":
        return f"use contextlib.closing({row.call}(…)), or close {row.variable} in a finally"
    return f"use `with` for {row.variable}, or close it in a finally"
