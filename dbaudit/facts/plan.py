"""A plan as EXPLAIN (FORMAT JSON) prints it, typed: what the planner expected of each node and what came of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Any

INIT_PLAN = "InitPlan"
SUB_PLAN = "SubPlan"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerShare:
    """What one parallel worker did in a node. `rows` are per loop; `space_kb` is what its sort or hash used."""

    number: int
    rows: float | None
    loops: float | None
    sort_method: str
    space_kb: int | None
    space_type: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanNode:
    """One node, under EXPLAIN's own names. Two nodes are equal only if they are the same object.

    Times are milliseconds, memory and disk are kilobytes. `actual_rows`, the actual times and `rows_removed_by_…` are
    EXPLAIN's averages per loop, in a parallel part of the plan over the loops of all its processes;
    dbaudit.facts.plan_time has the totals. What EXPLAIN does not print is None, for a text "". `actual_loops` is 0 for
    a node that was never executed.
    `schema` and `relation` are unquoted names; expressions are as the server deparsed them.
    """

    node_type: str
    parent_relationship: str
    subplan_name: str
    join_type: str
    strategy: str
    schema: str
    relation: str
    alias: str
    index_name: str
    cte_name: str
    scan_direction: str
    is_parallel_aware: bool
    is_disabled: bool
    inner_unique: bool
    startup_cost: float
    total_cost: float
    plan_rows: float
    plan_width: int
    actual_rows: float | None
    actual_loops: float | None
    actual_startup_ms: float | None
    actual_total_ms: float | None
    workers_planned: int | None
    workers_launched: int | None
    workers: tuple[WorkerShare, ...]
    output: tuple[str, ...] = field(repr=False)
    filter: str
    index_cond: str
    recheck_cond: str
    order_by: str
    join_filter: str
    hash_cond: str
    merge_cond: str
    tid_cond: str
    one_time_filter: str
    rows_removed_by_filter: float | None
    rows_removed_by_join_filter: float | None
    rows_removed_by_recheck: float | None
    sort_key: tuple[str, ...]
    presorted_key: tuple[str, ...]
    group_key: tuple[str, ...]
    sort_method: str
    sort_space_kb: int | None
    sort_space_type: str
    hash_batches: int | None
    original_hash_batches: int | None
    hash_buckets: int | None
    aggregate_batches: int | None
    peak_memory_kb: int | None
    disk_usage_kb: int | None
    heap_fetches: float | None
    exact_heap_blocks: float | None
    lossy_heap_blocks: float | None
    index_searches: float | None
    temp_read_blocks: int | None
    temp_written_blocks: int | None
    shared_hit_blocks: int | None
    shared_read_blocks: int | None
    children: tuple[PlanNode, ...] = field(repr=False)

    @property
    def never_executed(self) -> bool:
        """Whether the statement was run and this node was not."""
        return self.actual_loops == 0

    @property
    def was_executed(self) -> bool:
        return bool(self.actual_loops)

    def walk(self) -> Iterator[PlanNode]:
        """This node and all below it, parents first, in EXPLAIN's order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger that the statement fired: its names, unquoted, how often it ran, and how long in all.

    That of a constraint has the constraint's name; EXPLAIN's text then leaves out its own, and often the relation.
    `time_ms` is None where nothing was timed.
    """

    name: str
    constraint: str
    relation: str
    calls: float
    time_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Times are milliseconds; None where the plan was not run.

    `kept` is EXPLAIN's own JSON object, or its text made small: `raw` is how it is read.
    `settings` are the planner's settings that differ from their defaults (EXPLAIN's SETTINGS). `jit_ms` is all of JIT's
    time, `trigger_ms` all of the triggers', None where there was none.
    `knows_settings` is false where EXPLAIN may not have been asked for them: what is not among them may differ all the
    same. `has_estimates` is whether the planner's costs and rows are in it: not after EXPLAIN (COSTS OFF).
    """

    kept: Mapping[str, Any] | bytes = field(repr=False)
    root: PlanNode = field(compare=False)
    planning_ms: float | None = field(compare=False)
    execution_ms: float | None = field(compare=False)
    settings: Mapping[str, str] = field(compare=False)
    jit_ms: float | None = field(compare=False)
    trigger_ms: float | None = field(compare=False)
    knows_settings: bool = field(default=True, compare=False)
    triggers: tuple[Trigger, ...] = field(default=(), compare=False)
    has_estimates: bool = field(default=True, compare=False)

    @property
    def was_run(self) -> bool:
        return self.root.actual_loops is not None

    def nodes(self) -> Iterator[PlanNode]:
        """Every node, parents first, in EXPLAIN's order."""
        return self.root.walk()

    @property
    def raw(self) -> Mapping[str, Any]:
        """EXPLAIN's own JSON object, untouched."""
        return json.loads(zlib.decompress(self.kept)) if isinstance(self.kept, bytes) else self.kept

    def compressed(self) -> Plan:
        """The same plan in half the memory, for where there are thousands of them."""
        if isinstance(self.kept, bytes):
            return self
        try:
            return replace(self, kept=zlib.compress(json.dumps(self.kept).encode(), 1))
        except RecursionError:
            return self


def plan_from_json(raw: Mapping[str, Any]) -> Plan:
    """The plan in one element of the array that EXPLAIN (FORMAT JSON) prints, PostgreSQL 14 to 18.

    Raises ValueError where the object is not such an element. Keys that are not known are left in `raw`.
    """
    try:
        root = _tree(raw["Plan"])
        triggers = raw.get("Triggers") or ()
        jit = raw.get("JIT")
        return Plan(
            kept=raw,
            root=root,
            planning_ms=raw.get("Planning Time"),
            execution_ms=raw.get("Execution Time"),
            settings=raw.get("Settings") or {},
            jit_ms=jit["Timing"]["Total"] if jit and "Timing" in jit else None,
            trigger_ms=sum(trigger.get("Time") or 0.0 for trigger in triggers) if triggers else None,
            triggers=tuple(_trigger(trigger) for trigger in triggers),
            has_estimates="Total Cost" in raw["Plan"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a plan as EXPLAIN (FORMAT JSON) prints it: {error!r}") from None


def _tree(raw: Mapping[str, Any]) -> PlanNode:
    """Children before parents, without recursion: a plan can be thousands of nodes deep."""
    order = []
    stack = [raw]
    while stack:
        current = stack.pop()
        order.append(current)
        stack.extend(current.get("Plans") or ())
    made: dict[int, PlanNode] = {}
    for current in reversed(order):
        children = tuple(made[id(child)] for child in current.get("Plans") or ())
        made[id(current)] = _node(current, children)
    return made[id(raw)]


def _trigger(raw: Mapping[str, Any]) -> Trigger:
    return Trigger(
        name=raw.get("Trigger Name", ""),
        constraint=raw.get("Constraint Name", ""),
        relation=raw.get("Relation", ""),
        calls=raw.get("Calls") or 0,
        time_ms=raw.get("Time"),
    )


def _node(raw: Mapping[str, Any], children: tuple[PlanNode, ...]) -> PlanNode:
    get = raw.get
    return PlanNode(
        node_type=intern(raw["Node Type"]),
        parent_relationship=intern(get("Parent Relationship", "")),
        subplan_name=get("Subplan Name", ""),
        join_type=intern(get("Join Type", "")),
        strategy=intern(get("Strategy", "")),
        schema=intern(get("Schema", "")),
        relation=intern(get("Relation Name", "")),
        alias=intern(get("Alias", "")),
        index_name=intern(get("Index Name", "")),
        cte_name=get("CTE Name", ""),
        scan_direction=intern(get("Scan Direction", "")),
        is_parallel_aware=get("Parallel Aware", False),
        is_disabled=get("Disabled", False),
        inner_unique=get("Inner Unique", False),
        startup_cost=get("Startup Cost", 0.0),
        total_cost=get("Total Cost", 0.0),
        plan_rows=get("Plan Rows", 0),
        plan_width=get("Plan Width", 0),
        actual_rows=get("Actual Rows"),
        actual_loops=get("Actual Loops"),
        actual_startup_ms=get("Actual Startup Time"),
        actual_total_ms=get("Actual Total Time"),
        workers_planned=get("Workers Planned"),
        workers_launched=get("Workers Launched"),
        workers=tuple(_worker(worker) for worker in get("Workers") or ()),
        output=tuple(map(intern, get("Output") or ())),
        filter=get("Filter", ""),
        index_cond=get("Index Cond", ""),
        recheck_cond=get("Recheck Cond", ""),
        order_by=get("Order By", ""),
        join_filter=get("Join Filter", ""),
        hash_cond=get("Hash Cond", ""),
        merge_cond=get("Merge Cond", ""),
        tid_cond=get("TID Cond", ""),
        one_time_filter=get("One-Time Filter", ""),
        rows_removed_by_filter=get("Rows Removed by Filter"),
        rows_removed_by_join_filter=get("Rows Removed by Join Filter"),
        rows_removed_by_recheck=get("Rows Removed by Index Recheck"),
        sort_key=tuple(get("Sort Key") or ()),
        presorted_key=tuple(get("Presorted Key") or ()),
        group_key=tuple(get("Group Key") or ()),
        sort_method=get("Sort Method", ""),
        sort_space_kb=get("Sort Space Used"),
        sort_space_type=get("Sort Space Type", ""),
        hash_batches=get("Hash Batches"),
        original_hash_batches=get("Original Hash Batches"),
        hash_buckets=get("Hash Buckets"),
        aggregate_batches=get("HashAgg Batches"),
        peak_memory_kb=get("Peak Memory Usage"),
        disk_usage_kb=get("Disk Usage"),
        heap_fetches=get("Heap Fetches"),
        exact_heap_blocks=get("Exact Heap Blocks"),
        lossy_heap_blocks=get("Lossy Heap Blocks"),
        index_searches=get("Index Searches"),
        temp_read_blocks=get("Temp Read Blocks"),
        temp_written_blocks=get("Temp Written Blocks"),
        shared_hit_blocks=get("Shared Hit Blocks"),
        shared_read_blocks=get("Shared Read Blocks"),
        children=children,
    )


def _worker(raw: Mapping[str, Any]) -> WorkerShare:
    return WorkerShare(
        number=raw.get("Worker Number", 0),
        rows=raw.get("Actual Rows"),
        loops=raw.get("Actual Loops"),
        sort_method=raw.get("Sort Method", ""),
        space_kb=raw.get("Sort Space Used"),
        space_type=raw.get("Sort Space Type", ""),
    )
