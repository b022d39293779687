"""An index whose keys lead those of another, which can do its work.

## What it does
Reports a non-unique btree index whose keys are the first keys of another btree index on the same table or materialized
view, with the same order, operator classes, collations and predicate. The finding is about the shorter one.

## Why it matters
A btree is searched by its leading keys, so that the longer index answers what the shorter one does. The shorter one is
still written by every insert and every update that is not HOT, and takes disk, cache and vacuum time.

## How it is found
The catalogs are compared, as for IDX002, whose twins are not reported again. The longer index must also hold every
INCLUDE column of the shorter one, as a key or included, or index-only scans would be lost; the same keys with fewer
INCLUDE columns count as shorter. It serves a foreign key that the shorter one served. Unique indexes, constraints, the
replica identity, and indexes attached to a partitioned one, which is reported itself, are never called redundant.

WARNING; INFO where the shorter index is used and less than half as large as the other: what it saves in reads may be
worth its writes. Where several indexes cover it, one that is not redundant itself is named.

## Example
    CREATE INDEX orders_customer_idx ON orders (customer_id);
    CREATE INDEX orders_customer_date_idx ON orders (customer_id, ordered_at);

## Instead
    DROP INDEX CONCURRENTLY orders_customer_idx;
It takes a ShareUpdateExclusiveLock, and waits for transactions that use the table; reads and writes go on. The index
of a partitioned table can be dropped only under an AccessExclusiveLock, which blocks both there and on its partitions
for a moment. Lost are some speed, as the longer index has more pages, and the order of equal keys by their place in
the table, which deduplication and bitmap scans like.

## When to ignore
The shorter index is much smaller, hot, and on a table that is seldom written.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.checks.index._drop import children_of, drop
from dbaudit.checks.index._locked import unread
from dbaudit.checks.index._twins import Superfluous, prefixes
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index
from dbaudit.finding import Confidence, Finding, Severity, Subject
from dbaudit.units import count, size


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`worthwhile_size_ratio`: a used index smaller than this share of the longer one may be worth keeping."""

    worthwhile_size_ratio: float = 0.5


@check("IDX003", name="redundant-index", severity=Severity.WARNING, needs=(Index,), options=Options)
def redundant_index(facts: Facts, options: Options) -> Verdicts:
    children = children_of(facts[Index])
    yield from unread(facts[Index])
    for pair in sorted(prefixes(facts[Index]), key=lambda pair: pair.index.qualified):
        index, kept = pair.index, pair.kept
        worthwhile = index.scans > 0 and index.size_bytes < options.worthwhile_size_ratio * kept.size_bytes
        yield Finding(
            code="IDX003",
            subject=Subject(kind="index", name=index.qualified),
            message=_message(pair, worthwhile),
            severity=Severity.INFO if worthwhile else Severity.WARNING,
            confidence=Confidence.MEDIUM if worthwhile else Confidence.HIGH,
            evidence={
                "kept": kept.qualified,
                "table": index.table,
                "size_bytes": index.size_bytes,
                "kept_size_bytes": kept.size_bytes,
                "scans_count": index.scans,
                "kept_scans_count": kept.scans,
            },
            fixes=(drop(index, children, f"drop it and keep {kept.qualified}", "some speed"),),
        )


def _message(pair: Superfluous, worthwhile: bool) -> str:
    index, kept = pair.index, pair.kept
    text = f"its keys lead those of {kept.qualified}, which does its work; it takes {size(index.size_bytes)}"
    if worthwhile:
        text += f", was scanned {count(index.scans, 'time')}, and the other one has {size(kept.size_bytes)}"
    return text
