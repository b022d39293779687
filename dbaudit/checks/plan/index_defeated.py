"""A column has an index, and the filter on it is written so that the index cannot be used.

## What it does
Answers "why is my index not used?": names the index, the condition of the filter and the reason, and gives the rewrite
or the index that serves the condition as it is.

## Why it matters
The table is read from end to end although somebody has already paid for an index on that column.

## How it is found
In a Seq Scan that is wasteful as seq-scan-discards-rows (PLN001) has it, a condition is on the leading column of a
btree, but on a function of it, on a cast of it that changes the value, on an expression over it, by another collation,
or by LIKE with a wildcard in front, without regard to case, or under a collation other than C; or the column is only
behind another that the filter does not compare. PLN001 says nothing of such a scan. A cast from varchar to text changes nothing, and is not taken for a reason.
An expression index is proposed only on what is IMMUTABLE: the date of a timestamptz depends on the TimeZone, so there a
range of the bare column is the answer. Where the text and the catalogs prove that it returns the same rows, the whole
statement is rewritten, and planned on the same server.
Where an index could serve and the planner did not take it, though the scan took 50 ms, that is worth knowing: INFO. Then
the statement is planned again with enable_seqscan off, and with a lower random_page_cost, to tell what the index would
have cost, and whether the planner was misled (by its estimate, by the price of a page), or is right.

## Example
    CREATE INDEX orders_placed_at_idx ON orders (placed_at);
    SELECT * FROM orders WHERE placed_at::date = '2024-05-01';

## Instead
    SELECT * FROM orders WHERE placed_at >= '2024-05-01' AND placed_at < '2024-05-02';

## When to ignore
When the condition lets most rows pass: then no index would help.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import Rewrites, known_rewrites, with_rewrite
from dbaudit.checks._words import listed
from dbaudit.checks.plan._at import at, at_scan
from dbaudit.checks.plan._defeat import Defeat, defeats
from dbaudit.checks.plan._refused import Refused, refused
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan, scans
from dbaudit.checks.plan._waste import is_wasteful
from dbaudit.checks.plan._words import about, rows, scan_evidence, spent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Confidence, Finding, Part, Severity

_HIDING = (Sight.FUNCTION_ON_COLUMN, Sight.CAST_OF_COLUMN)


class Options(NamedTuple):
    """When a scan is wasteful: the same as for PLN001. From `refused_ms` on it is worth a word that an index was not taken."""

    read_rows: int = 10_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.10
    table_rows: int = 1_000
    refused_ms: float = 50.0


@check("PLN022", name="index-defeated", severity=Severity.WARNING, needs=(Explained, Table, Index, Column),
       options=Options)
def index_defeated(facts: Facts, options: Options) -> Verdicts:
    relations, rewrites = Relations.of(facts), known_rewrites(facts)
    for explained in facts[Explained]:
        for scan in scans(explained, relations, ("Seq Scan",)):
            if is_wasteful(scan, read_rows=options.read_rows, kept_ratio=options.kept_ratio,
                           time_ratio=options.time_ratio, table_rows=options.table_rows):
                found = defeats(scan, relations)
                for defeat in found:
                    yield _finding(rewrites, explained, scan, defeat)
                is_slow = (scan.time_ms or 0.0) >= options.refused_ms
                if not found and is_slow and (index := refused(explained, scan, relations)):
                    yield _not_taken(explained, scan, index)


def _finding(rewrites: Rewrites, explained: Explained, scan: Scan, defeat: Defeat) -> Finding:
    name = defeat.column.quoted
    alone = len(scan.conditions) == 1
    fixes = defeat.fixes
    if defeat.is_rewritten:
        whole = with_rewrite(fixes[0], rewrites, explained.statement, *_HIDING, column=defeat.column.name)
        fixes = (whole, *fixes[1:])
    relation = scan.whole.name if scan.whole != scan.table else ""
    return Finding(
        code="PLN022",
        subject=about(explained.statement, name),
        message=f"{defeat.index.qualified} cannot serve the filter on {name}: {defeat.reason}; {_scanned(scan)}",
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, scan.node, part=Part.CONDITION, expressions=defeat.conditions, relation=relation),
        evidence=scan_evidence(scan) | {"index": defeat.index.qualified},
        fixes=fixes,
        confidence=Confidence.HIGH if scan.is_measured and alone else Confidence.MEDIUM,
        discriminator=scan.identity,
    )


def _not_taken(explained: Explained, scan: Scan, found: Refused) -> Finding:
    names = listed([key.column.quoted for key in found.keys])
    return Finding(
        code="PLN022",
        subject=about(explained.statement, found.keys[0].column.quoted),
        message=f"{found.index.qualified} could serve the filter on {names}: {found.reason}; {_scanned(scan)}",
        severity=Severity.INFO,
        span=explained.statement.span,
        in_plan=at_scan(explained, scan),
        evidence=scan_evidence(scan) | found.evidence,
        fixes=found.fixes,
        confidence=Confidence.MEDIUM,
        discriminator=scan.identity,
    )


def _scanned(scan: Scan) -> str:
    verb = "reads" if scan.is_measured else "is expected to read"
    return f"the Seq Scan {verb} {rows(scan.read_rows or 0)} to keep {rows(scan.kept_rows)}{spent(scan)}"
