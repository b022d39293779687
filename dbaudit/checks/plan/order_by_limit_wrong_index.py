"""An index is walked in order for a LIMIT, and almost every row on the way is thrown away.

## What it does
Reports a LIMIT below which an index scan without a condition of its own removed 90 % or more of its rows by a filter,
and gives the index that finds these rows in this order.

## Why it matters
The planner hopes to find the few rows of the LIMIT early on its walk. It takes the rows that are wanted to be spread
evenly; where they are all at the far end, or there are none, it reads the whole table row by row, through the index,
which is slower than reading it from end to end. The same statement is fast for one customer and hopeless for another.

## How it is found
In a statement that was run: an Index Scan or Index Only Scan that searches by nothing, below a Limit with no sort in
between, that read at least 1,000 rows, kept less than 10 % and took at least 10 % of the time. min() and max() are
planned as such a walk too. Where there is another index that has the filter's columns, the finding names it.

## Example
    CREATE INDEX orders_placed_at_idx ON orders (placed_at);
    SELECT * FROM orders WHERE customer_id = 7 ORDER BY placed_at DESC LIMIT 10;

## Instead
    CREATE INDEX CONCURRENTLY orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);

Or, where an index on customer_id alone is there and finds few rows, take the order out of the planner's sight:

    SELECT * FROM orders WHERE customer_id = 7 ORDER BY placed_at + interval '0' DESC LIMIT 10;

## When to ignore
When the filter seldom removes that much: the values of this run may be rare ones.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.ddl import create_index
from dbaudit.checks.plan._at import at_scan
from dbaudit.checks.plan._extend import extended, index_of, keys_needed
from dbaudit.checks.plan._keys import is_served_by
from dbaudit.checks.plan._ordered import limit_above
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan, scans
from dbaudit.checks.plan._waste import is_wasteful
from dbaudit.checks.plan._words import about, columns_of, rows, scan_evidence, spent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.plan_time import parents
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Severity

_OTHERWISE = Fix(
    title="order by an expression, such as the column + 0, that this index does not have", applicability="manual"
)


class Options(NamedTuple):
    """From how many removed rows, up to which share kept, from which share of the statement's time."""

    removed_rows: int = 1_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.10


@check("PLN010", name="order-by-limit-wrong-index", severity=Severity.WARNING,
       needs=(Explained, Table, Index, Column), options=Options)
def order_by_limit_wrong_index(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        above = parents(explained.plan) if explained.plan else {}
        for scan in scans(explained, relations, ("Index Scan", "Index Only Scan")):
            removed = (scan.read_rows or 0.0) - scan.kept_rows
            if not scan.is_measured or removed < options.removed_rows or limit_above(scan.node, above) is None:
                continue
            if is_wasteful(scan, read_rows=options.removed_rows, kept_ratio=options.kept_ratio,
                           time_ratio=options.time_ratio, table_rows=0):
                yield _finding(explained, scan, relations)


def _finding(explained: Explained, scan: Scan, relations: Relations) -> Finding:
    used = index_of(scan, relations)
    needed = keys_needed(scan, relations)
    other = next((index for index in relations.indexes(scan.table) if is_served_by(index, needed)), None)
    name = used.qualified if used else scan.node.index_name
    message = f"{name} was walked in its order for LIMIT, and of {rows(scan.read_rows or 0)} on the way "
    message += f"{rows(scan.kept_rows)} passed the filter on {columns_of(scan)}{spent(scan)}"
    fixes: tuple[Fix, ...] = ()
    keys = extended(scan, used, relations)
    sql, words = [key for key, _ in keys], [word for _, word in keys]
    indexes = relations.indexes(scan.table) if keys else ()
    both = next((index for index in indexes if [*index.key_columns[: len(words)]] == words), None)
    if better := both or other:
        message += f"; {better.qualified} finds them, but the planner expected to meet them earlier on its walk"
    if keys and not both:
        fixes = (create_index(scan.whole, sql, words=words, taken=relations.taken(scan.whole)),)
    elif better:
        fixes = (_OTHERWISE,)
    return Finding(
        code="PLN010",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at_scan(explained, scan, part=Part.WALK),
        evidence=scan_evidence(scan) | {"index": name},
        fixes=fixes,
        discriminator=scan.identity,
    )
