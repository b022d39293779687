"""An index finds many rows of which a filter then throws almost all away.

## What it does
Reports an index scan whose filter removes 90 % or more of the rows that the index found, and says which column the
index lacks, or which other index has it.

## Why it matters
Each of those rows was read from the table, from a page of its own if need be, to look at a column that the index could
have had.

## How it is found
In a statement that was run: an Index Scan, Index Only Scan or Bitmap Heap Scan with a filter that removed at least
1,000 rows in all its loops and workers, 90 % of what it read, and took at least 10 % of the statement's time. Rows
removed because a bitmap had become lossy do not count: they ask for memory, not for a column. Of
an index that is only walked in its order for a LIMIT, order-by-limit-wrong-index (PLN010) speaks.
The index proposed has the columns compared by equality first, those that the index has now after them, in their order,
so that what it was chosen for remains, else one column of a range.

## Example
    CREATE INDEX orders_customer_id_idx ON orders (customer_id);
    SELECT * FROM orders WHERE customer_id = 7 AND status = 'open';

## Instead
    CREATE INDEX CONCURRENTLY orders_customer_id_status_idx ON orders (customer_id, status);

## When to ignore
When the statement is rare, or the column changes often: an index on it takes HOT updates away.
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
from dbaudit.finding import Finding, Fix, Severity


class Options(NamedTuple):
    """From how many removed rows, up to which share kept, from which share of the statement's time."""

    removed_rows: int = 1_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.10


@check("PLN002", name="index-scan-discards-rows", severity=Severity.WARNING,
       needs=(Explained, Table, Index, Column), options=Options)
def index_scan_discards_rows(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        above = parents(explained.plan) if explained.plan else {}
        for scan in scans(explained, relations, ("Index Scan", "Index Only Scan", "Bitmap Heap Scan")):
            removed = (scan.read_rows or 0.0) - scan.kept_rows
            is_enough = scan.is_measured and removed >= options.removed_rows and not scan.node.lossy_heap_blocks
            if limit_above(scan.node, above):
                continue
            if is_enough and is_wasteful(scan, read_rows=options.removed_rows, kept_ratio=options.kept_ratio,
                                         time_ratio=options.time_ratio, table_rows=0):
                yield _finding(explained, scan, relations)


def _finding(explained: Explained, scan: Scan, relations: Relations) -> Finding:
    used = index_of(scan, relations)
    needed = keys_needed(scan, relations)
    others = [index for index in relations.indexes(scan.table) if index != used and is_served_by(index, needed)]
    other = next(iter(others), None)
    name = used.qualified if used else "an index"
    message = f"{name} found {rows(scan.read_rows or 0)}, of which {rows(scan.kept_rows)} passed the filter on "
    message += f"{columns_of(scan)}{spent(scan)}"
    fixes: tuple[Fix, ...] = ()
    keys = extended(scan, used, relations)
    if other:
        message += f"; {other.qualified} has the columns, but the planner did not choose it"
    elif keys:
        sql, words = [key for key, _ in keys], [word for _, word in keys]
        fixes = (create_index(scan.whole, sql, words=words, taken=relations.taken(scan.whole)),)
    return Finding(
        code="PLN002",
        subject=about(explained.statement),
        message=message,
        severity=Severity.INFO if other else Severity.WARNING,
        span=explained.statement.span,
        in_plan=at_scan(explained, scan),
        evidence=scan_evidence(scan) | {"index": name},
        fixes=fixes,
        discriminator=scan.identity,
    )
