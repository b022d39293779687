"""The first line of a node in EXPLAIN's text: what node it is, on what, and its figures (explain.c, ExplainNode)."""

from __future__ import annotations

import re
from typing import Any

_FLOAT = r"(\d+(?:\.\d+)?)"
FIGURES = re.compile(rf"actual (?:time={_FLOAT}\.\.{_FLOAT} )?rows={_FLOAT} loops=(\d+)")
_HEAD = re.compile(
    rf"(.+?)(?: {{1,2}}\(cost={_FLOAT}\.\.{_FLOAT} rows=(\d+) width=(\d+)\))?"
    rf"(?: {{1,2}}\((?:{FIGURES.pattern}|(never executed))\))?"
)
_PARTS_OF_FIGURES = ("(cost=", "(actual time=", "(actual rows=")

_LONGEST_FIGURES = 200

_NAME = r'(?:"(?:[^"]|"")*"|[^\s."]+)'
_TARGET = re.compile(rf"(?:({_NAME})\.)?({_NAME})(?: ({_NAME}))?")
_JOIN = re.compile(r"(Nested Loop|Merge|Hash)(?: (Left|Full|Right|Semi|Anti|Right Semi|Right Anti))? Join")
_AGGREGATE = re.compile(r"(Partial |Finalize )?(Aggregate|GroupAggregate|HashAggregate|MixedAggregate)")
_SET_OPERATION = re.compile(r"(Hash)?SetOp (Intersect|Intersect All|Except|Except All)")
_CHANGE = re.compile(r"(Foreign )?(Insert|Update|Delete|Merge) on (.+)")
_INDEX_SCAN = re.compile(rf"(Index Scan|Index Only Scan)( Backward)?(?: using ({_NAME}))?(?: on (.+))?")
_BITMAP_INDEX_SCAN = re.compile(rf"Bitmap Index Scan on ({_NAME})")
_SCAN = re.compile(
    r"(Seq Scan|Sample Scan|Bitmap Heap Scan|Tid Scan|Tid Range Scan|Subquery Scan|Function Scan|Table Function Scan"
    r"|Values Scan|CTE Scan|Named Tuplestore Scan|WorkTable Scan|Foreign Scan)(?: on (.+))?"
)
_CUSTOM = re.compile(r"(Custom Scan) \(([^)]+)\)(?: on (.+))?")
_STRATEGIES = {"Aggregate": "Plain", "GroupAggregate": "Sorted", "HashAggregate": "Hashed", "MixedAggregate": "Mixed"}
_OTHERS = frozenset(
    ["Result", "ProjectSet", "Append", "Merge Append", "Recursive Union", "BitmapAnd", "BitmapOr", "Nested Loop",
     "Gather", "Gather Merge", "Materialize", "Memoize", "Sort", "Incremental Sort", "Group", "WindowAgg", "Unique",
     "LockRows", "Limit", "Hash"]
)  # fmt: skip
_TAGS = {
    "Function Scan": "Function Name", "Table Function Scan": "Table Function Name", "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name", "Named Tuplestore Scan": "Tuplestore Name", "Subquery Scan": "", "Values Scan": "",
}  # fmt: skip


def node(text: str) -> dict[str, Any] | None:
    """The node that a line is the head of, as EXPLAIN's JSON has it; None where it is none.

    A line with figures is one even where its name is not known, since extensions have nodes of their own.
    """
    found = _HEAD.fullmatch(text)
    if not found:
        return None
    name, startup, total, rows, width, first, last, actual_rows, loops, never = found.groups()
    raw = _named(name)
    if raw is None:
        if not (total or loops or never):
            return None
        raw = {"Node Type": name}
    if total:
        raw |= {"Startup Cost": float(startup), "Total Cost": float(total)}
        raw |= {"Plan Rows": number(rows), "Plan Width": number(width)}
    if never:
        raw |= {"Actual Rows": 0, "Actual Loops": 0}
    elif loops:
        raw |= actual(first, last, actual_rows, loops)
    return raw


def actual(first: str | None, last: str | None, rows: str, loops: str) -> dict[str, Any]:
    """The actual figures of a node or of a worker, from the groups of FIGURES."""
    times = {"Actual Startup Time": float(first), "Actual Total Time": float(last)} if first and last else {}
    return {**times, "Actual Rows": number(rows), "Actual Loops": number(loops)}


def is_broken(text: str, raw: dict[str, Any] | None) -> bool:
    """Whether a line has the figures of a node, and not all of them; `raw` is what `node` made of it."""
    figures = text[-_LONGEST_FIGURES:]
    return any(part in figures for part in _PARTS_OF_FIGURES) and not has_figures(raw or {})


def has_figures(raw: dict[str, Any]) -> bool:
    """Whether the head said what the node costs or what came of it."""
    return "Total Cost" in raw or "Actual Loops" in raw


def number(text: str) -> float:
    """An int where the text is one, a float otherwise."""
    return int(text) if text.isdecimal() and len(text) < 300 else float(text)


def unquoted(name: str) -> str:
    """An identifier without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _named(name: str) -> dict[str, Any] | None:
    flags: dict[str, Any] = {"Parallel Aware": False, "Async Capable": False}
    for prefix, key in (("Parallel ", "Parallel Aware"), ("Async ", "Async Capable")):
        if name.startswith(prefix):
            flags[key], name = True, name.removeprefix(prefix)
    raw = {"Node Type": name} if name in _OTHERS else _of_known_shape(name)
    if raw is None:
        return None
    if name == "Nested Loop":
        raw["Join Type"] = "Inner"
    return {**raw, **flags}


def _of_known_shape(name: str) -> dict[str, Any] | None:
    if found := _JOIN.fullmatch(name):
        kind, join_type = found.groups()
        return {"Node Type": kind if kind == "Nested Loop" else f"{kind} Join", "Join Type": join_type or "Inner"}
    if found := _AGGREGATE.fullmatch(name):
        partial, kind = found.groups()
        mode = partial.strip() if partial else "Simple"
        return {"Node Type": "Aggregate", "Strategy": _STRATEGIES[kind], "Partial Mode": mode}
    if found := _SET_OPERATION.fullmatch(name):
        hashed, command = found.groups()
        return {"Node Type": "SetOp", "Strategy": "Hashed" if hashed else "Sorted", "Command": command}
    if found := _INDEX_SCAN.fullmatch(name):
        kind, backward, index, target = found.groups()
        named = {"Index Name": unquoted(index)} if index else {}
        direction = "Backward" if backward else "Forward"
        return _on(target, {"Node Type": kind, "Scan Direction": direction, **named})
    if found := _BITMAP_INDEX_SCAN.fullmatch(name):
        return {"Node Type": "Bitmap Index Scan", "Index Name": unquoted(found.group(1))}
    if found := _CHANGE.fullmatch(name):
        foreign, operation, target = found.groups()
        return _on(target, {"Node Type": "Foreign Scan" if foreign else "ModifyTable", "Operation": operation})
    if found := _CUSTOM.fullmatch(name):
        kind, provider, target = found.groups()
        return _on(target, {"Node Type": kind, "Custom Plan Provider": provider})
    if found := _SCAN.fullmatch(name):
        return _on(found.group(2), {"Node Type": found.group(1)})
    return None


def _on(target: str | None, raw: dict[str, Any]) -> dict[str, Any] | None:
    """The node with what it is on; None where that is no name."""
    if not target:
        return raw
    found = _TARGET.fullmatch(target)
    if not found:
        return None
    schema, name, alias = found.groups()
    tag = _TAGS.get(raw["Node Type"], "Relation Name")
    if tag:
        raw[tag] = unquoted(name)
    if schema:
        raw["Schema"] = unquoted(schema)
    raw["Alias"] = unquoted(alias or name)
    return raw
