"""Whether an object that calls itself a plan has the types that EXPLAIN gives to its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_TEXTS = frozenset(
    ["Parent Relationship", "Subplan Name", "Join Type", "Strategy", "Schema", "Relation Name", "Alias", "Index Name",
     "CTE Name", "Scan Direction", "Filter", "Index Cond", "Recheck Cond", "Order By", "Join Filter", "Hash Cond",
     "Merge Cond", "TID Cond", "One-Time Filter", "Sort Method", "Sort Space Type", "Operation", "Node Type"]
)  # fmt: skip
_NUMBERS = frozenset(
    ["Startup Cost", "Total Cost", "Plan Rows", "Plan Width", "Actual Rows", "Actual Loops", "Actual Startup Time",
     "Actual Total Time", "Workers Planned", "Workers Launched", "Worker Number", "Sort Space Used", "Hash Batches",
     "Original Hash Batches", "Hash Buckets", "HashAgg Batches", "Peak Memory Usage", "Disk Usage", "Heap Fetches",
     "Exact Heap Blocks", "Lossy Heap Blocks", "Index Searches"]
)  # fmt: skip
_NUMBERS_BEGIN = ("Rows Removed by ", "Shared ", "Local ", "Temp ")
_LISTS = frozenset(["Output", "Sort Key", "Presorted Key", "Group Key"])
# How many children such a node has at the least, SubPlans and InitPlans apart.
_CHILDREN = {
    **dict.fromkeys(("Nested Loop", "Hash Join", "Merge Join", "Recursive Union"), 2),
    **dict.fromkeys(
        ("Limit", "Sort", "Incremental Sort", "Hash", "Aggregate", "Group", "Gather", "Gather Merge", "Materialize",
         "Memoize", "Unique", "WindowAgg", "LockRows", "SetOp", "ProjectSet", "ModifyTable", "Subquery Scan",
         "Bitmap Heap Scan", "BitmapAnd", "BitmapOr"), 1),
}  # fmt: skip
_BOOLEANS = frozenset(["Parallel Aware", "Disabled", "Inner Unique"])
# What no server prints, and arithmetic would not survive.
_TOO_LARGE = 1e18


def flaw(raw: dict[str, Any]) -> str:
    """What is wrong with the object, in words; empty where it is what EXPLAIN would print."""
    stack: list[Any] = [raw.get("Plan")]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict) or not isinstance(node.get("Node Type"), str):
            return "a node without a Node Type"
        for key in ("Plans", "Workers"):
            if not isinstance(node.get(key) or [], list):
                return f"{key} is no list"
        wrong = _wrong_key(node)
        if wrong:
            return f"{wrong} of {node['Node Type'][:60]} is not what EXPLAIN prints"
        for worker in node.get("Workers") or ():
            if not isinstance(worker, dict) or _wrong_key(worker):
                return f"a worker of {node['Node Type'][:60]} is not what EXPLAIN prints"
        children = node.get("Plans") or ()
        stack.extend(children)
        if _has_too_few(node, children):
            return f"{node['Node Type']} lacks a node below it: is the plan whole?"
    return _flaw_around(raw)


def _has_too_few(node: dict[str, Any], children: Iterable[Any]) -> bool:
    least = _CHILDREN.get(node["Node Type"], 0)
    if not least:
        return False
    ordinary = (
        child for child in children
        if isinstance(child, dict) and child.get("Parent Relationship") not in ("InitPlan", "SubPlan")
    )  # fmt: skip
    return sum(1 for _ in ordinary) < least


def _flaw_around(raw: dict[str, Any]) -> str:
    for key in ("Planning Time", "Execution Time"):
        if key in raw and not _is_number(raw[key]):
            return f"{key} is no number"
    settings = raw.get("Settings") or {}
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        return "Settings are not what EXPLAIN prints"
    triggers = raw.get("Triggers") or []
    if not isinstance(triggers, list) or not all(
        isinstance(trigger, dict)
        and all(_is_number(trigger.get(key) or 0) for key in ("Time", "Calls"))
        and all(isinstance(trigger.get(key, ""), str) for key in ("Trigger Name", "Constraint Name", "Relation"))
        for trigger in triggers
    ):
        return "Triggers are not what EXPLAIN prints"
    jit = raw.get("JIT") or {}
    timing = jit.get("Timing") if isinstance(jit, dict) else ()
    if timing is not None and not (isinstance(timing, dict) and _is_number(timing.get("Total"))):
        return "JIT is not what EXPLAIN prints"
    return ""


def _wrong_key(node: dict[str, Any]) -> str:
    for key, value in node.items():
        test = _TESTS.get(key)
        if test is None and key.startswith(_NUMBERS_BEGIN) and key.endswith(("Blocks", "Filter", "Recheck")):
            test = _is_number
        if test is not None and not test(value):
            return key
    return ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_number(value: Any) -> bool:
    # A comparison with NaN is false.
    return type(value) in (int, float) and 0 <= value <= _TOO_LARGE


_TESTS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, _is_text),
    **dict.fromkeys(_NUMBERS, _is_number),
    **dict.fromkeys(_LISTS, _is_list),
    **dict.fromkeys(_BOOLEANS, _is_boolean),
}
