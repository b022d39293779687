"""A sort does not fit into work_mem and goes through files on disk.

## What it does
Reports a Sort that wrote its rows to temporary files, and names the work_mem that would have held them.

## Why it matters
The rows are written, read back and merged, often more slowly than they are sorted in memory, and on a busy disk much
more so. The files count towards temp_file_limit, and can fill the disk.

## How it is found
From the sort method of each process, the leader and every worker, in a statement that was run. What a sort needs in
memory is more than it takes on disk: each row has an entry in the array that is sorted and an allocator's header, which
the figure allows for. It is for one sort of one process: a statement with two sorts in four workers may take it eight
times, and each connection on its own. From 256 MB on no work_mem is named: then the answer is fewer rows, fewer columns
or an index that delivers them in order.

## Example
    SELECT provider, captured_at FROM payments ORDER BY captured_at;

## Instead
    BEGIN;
    SET LOCAL work_mem = '24MB';
    SELECT provider, captured_at FROM payments ORDER BY captured_at;
    COMMIT;

## When to ignore
When the statement runs once a night and time is of no matter.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._memory import expected_kb, rounded_up, setting_kb, sort_memory_kb, spills
from dbaudit.checks.plan._words import about, kilobytes
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import PlanNode
from dbaudit.facts.plan_time import node_times
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Scalar, Severity
from dbaudit.units import milliseconds

_DEFAULT_KB = 4096


class Options(NamedTuple):
    """Above which work_mem none is named."""

    most_kb: int = 256 * 1024


@check("PLN004", name="sort-spilled", severity=Severity.WARNING, needs=(Explained,), options=Options)
def sort_spilled(facts: Facts, options: Options) -> Verdicts:
    major = next((server.major for server in facts.get(Server)), 14)
    for explained in facts[Explained]:
        for node in explained.plan.nodes() if explained.plan else ():
            processes = list(spills(node)) if node.node_type == "Sort" else []
            if not processes:
                continue
            time = node_times(explained.plan).get(node)
            disk_kb = sum(kb for _, kb in processes)
            needed_kb = max(sort_memory_kb(rows, kb, major) for rows, kb in processes)
            had_kb = setting_kb(explained.plan, "work_mem", _DEFAULT_KB)
            where = f"to disk in {len(processes)} processes" if len(processes) > 1 else "to disk"
            message = f"a sort by {_keys(node)} wrote {kilobytes(disk_kb)} {where}"
            if is_known := explained.plan.knows_settings or "work_mem" in explained.plan.settings:
                message += f", with work_mem at {kilobytes(had_kb)}"
            is_unexpected = is_known and expected_kb(node) <= had_kb
            evidence: dict[str, Scalar] = {
                "disk_bytes": int(disk_kb * 1024),
                "needed_bytes": int(needed_kb * 1024),
                "processes_count": len(processes),
            }
            if is_known:
                evidence["work_mem_bytes"] = int(had_kb * 1024)
            if time:
                message += f", and took {milliseconds(time.exclusive_ms)}"
                evidence["time_ms"] = round(time.exclusive_ms, 3)
            yield Finding(
                code="PLN004",
                subject=about(explained.statement),
                message=message,
                severity=Severity.WARNING,
                span=explained.statement.span,
                in_plan=at(explained, node, part=Part.SORT, expressions=node.sort_key, is_unexpected=is_unexpected),
                evidence=evidence,
                fixes=(_fix(needed_kb, options),),
                discriminator=", ".join(node.sort_key),
            )


def _fix(needed_kb: float, options: Options) -> Fix:
    if needed_kb > options.most_kb:
        return Fix(title="sort fewer rows or columns, or have an index deliver them in order", applicability="manual")
    return Fix(title=f"give this statement SET LOCAL work_mem = '{rounded_up(needed_kb)}'", applicability="manual")


def _keys(node: PlanNode) -> str:
    """The keys but no values: an expression may have somebody's data in it."""
    plain = [key for key in node.sort_key if "'" not in key]
    return ", ".join(plain[:3]) if plain else "an expression"
