"""A hash table does not fit into memory and goes through files on disk, in batches.

## What it does
Reports a hash join or a hashed aggregate that split its rows into batches on disk, and for a join names the work_mem
that would have held its hash table.

## Why it matters
Every row of both sides beyond the first batch is written and read back. Where there were more batches than the planner
had counted on, it did not know how large the table would be, and may have hashed the wrong side.

## How it is found
From the batches of a Hash node and of a hashed Aggregate, in a statement that was run. The memory of one batch times
the number of batches is what the whole table needs; a process may use work_mem × hash_mem_multiplier for it (2 since
PostgreSQL 15, 1 before). A parallel hash is shared by the workers and may use the memory of all of them. An aggregate
does not say how many groups are on disk, so that no figure is named for it.

## Example
    SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id;

## Instead
    BEGIN;
    SET LOCAL work_mem = '32MB';
    SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id;
    COMMIT;

## When to ignore
When the statement runs once a night and time is of no matter.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._memory import expected_kb, rounded_up, setting, setting_kb
from dbaudit.checks.plan._words import about, kilobytes
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.plan_time import node_times, parents, processes
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Part, Scalar, Severity
from dbaudit.units import milliseconds

_DEFAULT_KB = 4096


class Options(NamedTuple):
    """Above which work_mem none is named."""

    most_kb: int = 256 * 1024


@check("PLN005", name="hash-spilled", severity=Severity.WARNING, needs=(Explained,), options=Options)
def hash_spilled(facts: Facts, options: Options) -> Verdicts:
    major = next((server.major for server in facts.get(Server)), 14)
    for explained in facts[Explained]:
        plan = explained.plan
        for node in plan.nodes() if plan else ():
            if not node.was_executed or max(node.hash_batches or 1, node.aggregate_batches or 1) <= 1:
                continue
            is_join = node.node_type == "Hash"
            node_that_waits = parents(plan).get(node, node) if is_join else node
            batches = node.hash_batches if is_join else node.aggregate_batches
            message = f"the hash table of a {node_that_waits.node_type} was split into {batches} batches on disk"
            evidence: dict[str, Scalar] = {"batches_count": batches}
            is_unexpected = is_join and (node.original_hash_batches or batches) < batches
            if not is_join:
                is_unexpected = plan.knows_settings and expected_kb(node) <= setting_kb(plan, "work_mem", _DEFAULT_KB)
            if is_join and node.original_hash_batches and batches > node.original_hash_batches:
                message += f", where the planner had counted on {node.original_hash_batches}"
            if not is_join and node.disk_usage_kb:
                message += f", {kilobytes(node.disk_usage_kb)} of them"
                evidence["disk_bytes"] = node.disk_usage_kb * 1024
            if time := node_times(plan).get(node_that_waits):
                message += f"; it took {milliseconds(time.exclusive_ms)}"
                evidence["time_ms"] = round(time.exclusive_ms, 3)
            yield Finding(
                code="PLN005",
                subject=about(explained.statement),
                message=message,
                severity=Severity.WARNING,
                span=explained.statement.span,
                in_plan=at(
                    explained,
                    node_that_waits,
                    part=Part.CONDITION if is_join else Part.SORT,
                    expressions=[node_that_waits.hash_cond] if is_join else node.group_key,
                    is_unexpected=is_unexpected,
                ),
                evidence=evidence,
                fixes=(_fix(node, plan, major, options, is_join),),
                discriminator=node_that_waits.hash_cond or ", ".join(node.group_key),
            )


def _fix(node: PlanNode, plan: Plan, major: int, options: Options, is_join: bool) -> Fix:
    if not is_join:
        is_known = plan.knows_settings or "work_mem" in plan.settings
        now = f" (now {kilobytes(setting_kb(plan, 'work_mem', _DEFAULT_KB))})" if is_known else ""
        return Fix(title=f"give this statement more work_mem, step by step{now}", applicability="manual")
    multiplier = setting(plan, "hash_mem_multiplier", 2.0 if major >= 15 else 1.0)
    sharing = processes(plan)[node] if node.is_parallel_aware else 1.0
    needed_kb = (node.hash_batches or 1) * (node.peak_memory_kb or 0) / multiplier / sharing
    if needed_kb > options.most_kb:
        return Fix(title="join fewer rows or columns: no work_mem in reason holds the table", applicability="manual")
    return Fix(title=f"give this statement SET LOCAL work_mem = '{rounded_up(needed_kb)}'", applicability="manual")
