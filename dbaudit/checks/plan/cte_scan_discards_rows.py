"""A WITH query is computed as a whole, and most of its rows are thrown away by a filter on it.

## What it does
Reports a CTE Scan whose filter removes 90 % or more of the rows of a materialized WITH query.

## Why it matters
What is materialized is computed in full, without the conditions of the query around it, and kept in memory or on disk;
no index serves a filter on it.

## How it is found
In a statement that was run: the scans of the CTE removed at least 10,000 rows and kept less than 10 %, and the CTE and
its scans took at least 30 % of the time. Since PostgreSQL 12 a WITH query that is read once is computed in place,
unless it is MATERIALIZED, calls volatile functions, or writes; one that is read twice is materialized. A recursive one
has to be, and is left alone.

## Example
    WITH totals AS MATERIALIZED (SELECT customer_id, sum(total_cents) FROM orders GROUP BY customer_id)
    SELECT * FROM totals WHERE customer_id = 7;

## Instead
    WITH totals AS NOT MATERIALIZED (SELECT customer_id, sum(total_cents) FROM orders GROUP BY customer_id)
    SELECT * FROM totals WHERE customer_id = 7;

Or write the condition inside the WITH query; where it is read several times, their conditions joined by OR.

## When to ignore
When the WITH query is read with many different conditions, and computing it once is what was meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, percent, rows
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import NodeTime, node_times, rows_read, total_rows
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Severity
from dbaudit.units import count, milliseconds

_CTE = "CTE "


class Options(NamedTuple):
    """From how many rows removed, up to which share kept, from which share of the statement's time."""

    removed_rows: int = 10_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.30


@check("PLN013", name="cte-scan-discards-rows", severity=Severity.WARNING, needs=(Explained,), options=Options)
def cte_scan_discards_rows(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        times = node_times(explained.plan) if explained.plan else {}
        named: dict[str, list[PlanNode]] = {}
        scans: dict[str, list[PlanNode]] = {}
        for node in times:
            if node.subplan_name.startswith(_CTE):
                named.setdefault(node.subplan_name.removeprefix(_CTE), []).append(node)
            if node.node_type == "CTE Scan":
                scans.setdefault(node.cte_name, []).append(node)
        for name, ctes in named.items():
            # Two of one name, in different subqueries, cannot be told apart by their scans.
            if len(ctes) == 1 and ctes[0].node_type not in ("Recursive Union", "ModifyTable"):
                yield from _finding(explained, name, ctes[0], scans.get(name, []), times, options)


def _finding(
    explained: Explained, name: str, cte: PlanNode, scans: Sequence[PlanNode], times: Mapping[PlanNode, NodeTime],
    options: Options,
) -> Verdicts:
    read, kept = sum(map(rows_read, scans)), sum(map(total_rows, scans))
    whole_ms = times[explained.plan.root].inclusive_ms if explained.plan else 0.0
    time_ms = times[cte].inclusive_ms + sum(times[scan].exclusive_ms for scan in scans)
    if not all(scan.filter for scan in scans) or read - kept < options.removed_rows or kept > options.kept_ratio * read:
        return
    if not whole_ms or time_ms < options.time_ratio * whole_ms:
        return
    is_read_once = len(scans) == 1
    message = f"WITH {name} was computed in full, {rows(total_rows(cte))}, and {rows(kept)} of {rows(read)} passed the "
    message += "filter on it" if is_read_once else f"filters of {count(len(scans), 'scan')} of it"
    ratio = min(1.0, time_ms / whole_ms)
    message += f"; that took {milliseconds(time_ms)} and {percent(ratio)} of the statement's time"
    title = f"write WITH {name} AS NOT MATERIALIZED, or move the condition inside" if is_read_once else (
        f"move the conditions inside WITH {name}, joined by OR"
    )
    yield Finding(
        code="PLN013",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, cte, *scans, part=Part.CTE, relation=name),
        evidence={
            "read_rows_count": round(read),
            "kept_rows_count": round(kept),
            "time_ms": round(time_ms, 3),
            "time_ratio": round(ratio, 4),
        },
        fixes=(Fix(title=title, applicability="manual"),),
        discriminator=name,
    )
