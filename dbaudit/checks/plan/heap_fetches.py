"""An index-only scan has to visit the table for most of its rows after all.

## What it does
Reports an Index Only Scan that fetched more than 40 % of its rows from the heap, and names the VACUUM that mends it.

## Why it matters
An index does not know which rows are visible. The visibility map does, by the page; where a page is not marked in it,
the row is looked up in the table, at random, and the index-only scan is an ordinary one that was planned as a cheap
one.

## How it is found
In a statement that was run: heap fetches against the rows that the scan read, in all its loops and workers, from 1,000
fetches on, where the scan took at least 10 % of the time. Only VACUUM sets the visibility map; every write clears it
for its page.

## Example
    INSERT INTO orders SELECT …;
    SELECT count(*) FROM orders WHERE placed_at > now() - interval '1 day';

## Instead
    VACUUM orders;
    ALTER TABLE orders SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02);

## When to ignore
When the rows that are read are those that were just written: no VACUUM keeps up with that. Where VACUUM changes
nothing, an old transaction, a replication slot or a prepared transaction holds it back.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._named import named_scans
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._words import about, node_name, percent, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times, rows_removed, total_rows
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Severity
from dbaudit.units import milliseconds

_ROUNDING = 0.5


class Options(NamedTuple):
    """Above which share of the rows, from how many fetches, from which share of the statement's time."""

    fetched_ratio: float = 0.40
    fetches: int = 1_000
    time_ratio: float = 0.10


@check("PLN007", name="heap-fetches", severity=Severity.WARNING, needs=(Explained, Table), options=Options)
def heap_fetches(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        times = node_times(explained.plan) if explained.plan else {}
        named = named_scans(explained, relations) if times else ()
        fetching: dict[Table, list[PlanNode]] = {}
        for node in times:
            table = relations.table(node)
            if table and node.heap_fetches and node not in named:
                fetching.setdefault(relations.whole(table), []).append(node)
        for whole, nodes in fetching.items():
            fetched, read = sum(node.heap_fetches or 0.0 for node in nodes), sum(map(_read, nodes))
            time_ms = sum(times[node].exclusive_ms for node in nodes)
            whole_ms = times[explained.plan.root].inclusive_ms if explained.plan else 0.0
            if fetched < options.fetches or fetched <= options.fetched_ratio * read:
                continue
            if whole_ms and time_ms >= options.time_ratio * whole_ms:
                yield _finding(explained, whole, nodes[0], fetched, read, time_ms, time_ms / whole_ms)


def _read(node: PlanNode) -> float:
    """The rows that the scan read, at the most: until 17 EXPLAIN rounds those of a loop to whole ones."""
    loops = node.actual_loops or 0.0
    return total_rows(node) + rows_removed(node) + (_ROUNDING * loops if loops > 1 else 0.0)


def _finding(
    explained: Explained, whole: Table, node: PlanNode, fetched: float, read: float, time_ms: float, time_ratio: float
) -> Finding:
    message = f"{node_name(node)} fetched {rows(fetched)} from the table, {percent(min(1.0, fetched / read))} of those "
    message += f"that it read, in {milliseconds(time_ms)}: their pages are not marked all-visible"
    return Finding(
        code="PLN007",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, node, part=Part.RELATION, relation="" if node.relation == whole.name else whole.name),
        evidence={
            "node": node_name(node),
            "heap_fetches_count": round(fetched),
            "read_rows_count": round(read),
            "time_ms": round(time_ms, 3),
            "time_ratio": round(time_ratio, 4),
        },
        fixes=(
            Fix(
                title=f"vacuum {whole.qualified}",
                statements=(f"VACUUM {whole.qualified};",),
                lock="ShareUpdateExclusiveLock",
                in_transaction=False,
            ),
        ),
        discriminator=whole.qualified,
    )
