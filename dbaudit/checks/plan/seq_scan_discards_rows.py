"""A statement reads a large table from end to end to find a few rows.

## What it does
Reports a sequential scan that reads many rows of a table and throws almost all of them away for its filter, and gives
the index that finds the rest directly.

## Why it matters
The scan reads the whole table each time, for one row as for a thousand, and takes longer as the table grows. It also
pushes pages of other tables out of the cache.

## How it is found
In a statement that was run: a Seq Scan with a filter that read at least 10,000 rows in all its loops and workers, kept
less than 10 % of them, and took at least 10 % of the statement's time. In one that was only planned: the same by the
planner's estimates, with less confidence. A nested loop that scans its inner side for each outer row, and compares
every pair itself, counts as a filter.
Tables of fewer than 1,000 rows are left alone however often they are read. Where an index on these columns is there and
the planner did not take it, index-defeated (PLN022) says why.
The index has the columns compared by equality first, the one with the most values leading, then one column of a range.

## Example
    CREATE TABLE orders (id bigint PRIMARY KEY, status text, placed_at timestamptz);
    SELECT * FROM orders WHERE status = 'open' AND placed_at > now() - interval '1 day';

## Instead
    CREATE INDEX CONCURRENTLY orders_status_placed_at_idx ON orders (status, placed_at);

## When to ignore
When the statement runs rarely, such as a nightly report, and writes to the table are frequent: each index slows them.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.ddl import create_index
from dbaudit.checks.plan._at import at_scan
from dbaudit.checks.plan._defeat import defeats
from dbaudit.checks.plan._keys import is_served_by, keys_for
from dbaudit.checks.plan._partitions import unprunable
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan, scans
from dbaudit.checks.plan._waste import is_surely_small, is_wasteful
from dbaudit.checks.plan._words import about, columns_of, rows, scan_evidence, spent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.finding import Confidence, Finding, Severity, Unknown


class Options(NamedTuple):
    """From how many rows read, below which share kept, from which share of the time.

    Below `sure_ratio` an index is sure to help, even if each row is on a page of its own.
    """

    read_rows: int = 10_000
    kept_ratio: float = 0.10
    sure_ratio: float = 0.01
    time_ratio: float = 0.10
    table_rows: int = 1_000


@check("PLN001", name="seq-scan-discards-rows", severity=Severity.WARNING, needs=(Explained, Table, Index, Column),
       options=Options)
def seq_scan_discards_rows(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        told = unprunable(explained, relations)
        for scan in scans(explained, relations, ("Seq Scan",)):
            if scan.read_rows is None and not is_surely_small(scan.whole, options.read_rows):
                yield Unknown(
                    reason=f"{scan.table.qualified} was never analyzed: how much a scan of it reads is not known",
                    remedy=f"ANALYZE {scan.whole.qualified};",
                    subject=about(explained.statement),
                )
            elif is_wasteful(scan, read_rows=options.read_rows, kept_ratio=options.kept_ratio,
                             time_ratio=options.time_ratio, table_rows=options.table_rows):
                if scan.whole not in told and not defeats(scan, relations):
                    yield from _findings(explained, scan, relations, options)


def _findings(explained: Explained, scan: Scan, relations: Relations, options: Options) -> Verdicts:
    keys = keys_for(scan.conditions, scan.node, scan.table, relations)
    if any(is_served_by(index, keys) for index in relations.indexes(scan.table)):
        return
    verb = "read" if scan.is_measured else "expects to read"
    message = f"Seq Scan on {scan.whole.qualified} {verb} {rows(scan.read_rows)} to keep {rows(scan.kept_rows)}"
    message += f" by the filter on {columns_of(scan)}{spent(scan)}"
    fixes = ()
    if keys:
        sql, words = [key.sql for key in keys], [key.word for key in keys]
        fixes = (create_index(scan.whole, sql, words=words, taken=relations.taken(scan.whole)),)
    yield Finding(
        code="PLN001",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at_scan(explained, scan),
        evidence=scan_evidence(scan),
        fixes=fixes,
        confidence=Confidence.HIGH if scan.is_measured and scan.kept_ratio < options.sure_ratio else Confidence.MEDIUM,
        discriminator=scan.identity,
    )
