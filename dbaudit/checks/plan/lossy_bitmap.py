"""A bitmap of an index scan does not fit into work_mem and remembers whole pages instead of rows.

## What it does
Reports a Bitmap Heap Scan whose bitmap became lossy, so that every row of thousands was checked again and thrown away,
and names the work_mem that would have held the bitmap.

## Why it matters
Of a page that is lossy the server knows only that something on it may match. It compares all rows of the page once more
with the condition that the index had already answered.

## How it is found
In a statement that was run: lossy heap blocks, and at least 10,000 rows, 90 % of those read, that were removed by the
recheck, where the scan took at least 10 % of the time. A page takes about 64 bytes of the bitmap (tbm_calculate_entries
in tidbitmap.c), in each process. From 256 MB on no work_mem is named.

## Example
    SET work_mem = '64kB';
    SELECT * FROM events WHERE customer_id = 7;

## Instead
    BEGIN;
    SET LOCAL work_mem = '8MB';
    SELECT * FROM events WHERE customer_id = 7;
    COMMIT;

## When to ignore
When the statement runs once a night and time is of no matter.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._memory import rounded_up, setting_kb
from dbaudit.checks.plan._words import about, kilobytes, node_name, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times, total_rows
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Severity
from dbaudit.units import count, milliseconds

_DEFAULT_KB = 4096
_PAGE_BYTES = 64


class Options(NamedTuple):
    """From how many rows removed, up to which share kept, from which share of the time; above which work_mem none."""

    removed_rows: int = 10_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.10
    most_kb: int = 256 * 1024


@check("PLN006", name="lossy-bitmap", severity=Severity.WARNING, needs=(Explained,), options=Options)
def lossy_bitmap(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        times = node_times(explained.plan) if explained.plan else {}
        for node in times:
            removed = (node.rows_removed_by_recheck or 0.0) * (node.actual_loops or 0.0)
            if not node.lossy_heap_blocks or removed < options.removed_rows:
                continue
            if total_rows(node) > options.kept_ratio * (removed + total_rows(node)):
                continue
            if times[node].exclusive_ms >= options.time_ratio * times[explained.plan.root].inclusive_ms:
                yield _finding(explained, node, removed, times[node].exclusive_ms, options)


def _finding(explained: Explained, node: PlanNode, removed: float, time_ms: float, options: Options) -> Finding:
    had_kb = setting_kb(explained.plan, "work_mem", _DEFAULT_KB)
    lossy = node.lossy_heap_blocks or 0.0
    needed_kb = (lossy + (node.exact_heap_blocks or 0.0)) * _PAGE_BYTES / 1024
    message = f"the bitmap of {node_name(node)} did not fit into work_mem ({kilobytes(had_kb)}): "
    message += f"{count(lossy, 'page')} became lossy, and {rows(removed)} were checked again and removed, "
    message += f"in {milliseconds(time_ms)}"
    title = f"give this statement SET LOCAL work_mem = '{rounded_up(max(needed_kb, had_kb))}'"
    if needed_kb > options.most_kb:
        title = "find fewer rows: no work_mem in reason holds the bitmap"
    return Finding(
        code="PLN006",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, node, part=Part.CONDITION, expressions=[node.recheck_cond]),
        evidence={
            "node": node_name(node),
            "lossy_blocks_count": round(lossy),
            "removed_rows_count": round(removed),
            "needed_bytes": round(needed_kb * 1024),
            "work_mem_bytes": round(had_kb * 1024),
            "time_ms": round(time_ms, 3),
        },
        fixes=(Fix(title=title, applicability="manual"),),
        discriminator=f"{node.relation} {node.alias}",
    )
