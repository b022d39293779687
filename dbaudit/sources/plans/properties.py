"""The lines below the head of a node in EXPLAIN's text, as the keys that EXPLAIN's JSON has for them."""

from __future__ import annotations

import re
from typing import Any

from dbaudit.sources.plans.heads import FIGURES, actual, number

_LISTS = frozenset(
    ["Output", "Sort Key", "Presorted Key", "Group Key", "Conflict Arbiter Indexes", "Params Evaluated"]
)
_NUMBERS = frozenset(
    ["Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck", "Heap Fetches",
     "Workers Planned", "Workers Launched", "Index Searches", "Subplans Removed", "Tuples Inserted",
     "Conflicting Tuples", "Rows Removed by Conflict Filter"]
)  # fmt: skip
_FLAGS = frozenset(["Disabled", "Inner Unique", "Single Copy"])
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPACE_USED = re.compile(r"(.+?)  (\w+): (\d+)kB")
_PART = re.compile(r"([A-Z][\w-]*(?: [A-Z][\w-]*)*): (\d+)(kB)?(?: \(originally (\d+)\))?")
_LONGEST_PARTS = 500
_COUNTER = re.compile(r"(\w+)=(\d+(?:\.\d+)?)")
_PARTS = {
    "Buckets": "Hash Buckets", "Batches": "Hash Batches", "Memory Usage": "Peak Memory Usage", "Hits": "Cache Hits",
    "Misses": "Cache Misses", "Evictions": "Cache Evictions", "Overflows": "Cache Overflows",
}  # fmt: skip
_BUFFER_KINDS = ("Shared", "Local", "Temp")
_BUFFER_COUNTERS = ("Hit", "Read", "Dirtied", "Written")
BUFFERS = tuple(
    f"{kind} {counter} Blocks"
    for kind in _BUFFER_KINDS
    for counter in _BUFFER_COUNTERS
    if kind != "Temp" or counter in ("Read", "Written")
)
_MAY_HOLD_A_COMMA = re.compile(r"""['"(\[{]""")
_ITEM = re.compile(r"""[eE]'(?:[^'\\]|''|\\.)*+'|'(?:[^']|'')*+'|"(?:[^"]|"")*+"|[(\[{]|[)\]}]|, |.""", re.DOTALL)


def apply(raw: dict[str, Any], node_type: str, key: str, value: str) -> None:
    """Puts a line `key: value` into a node, or into a worker of a node of this type."""
    if key in _LISTS:
        _list(raw, key, value)
    elif key in _NUMBERS and _NUMBER.fullmatch(value):
        raw[key] = number(value)
    elif key in _FLAGS:
        raw[key] = value == "true"
    elif key == "Hash Key":
        raw.setdefault("Grouping Sets", []).append({"Hash Keys": [items(value)]})
    elif key == "Sort Method" and (found := _SPACE_USED.fullmatch(value)):
        method, kind, space = found.groups()
        raw |= {"Sort Method": method.strip(), "Sort Space Used": number(space), "Sort Space Type": kind}
    elif key in ("Buckets", "Batches", "Planned Partitions", "Hits"):
        raw |= _parts(f"{key}: {value}", node_type)
    elif key == "Buffers":
        raw |= buffers(value)
    elif key == "Heap Blocks":
        raw |= {f"{kind.capitalize()} Heap Blocks": number(count) for kind, count in _COUNTER.findall(value)}
    elif key == "WAL":
        names = {"records": "WAL Records", "fpi": "WAL FPI", "bytes": "WAL Bytes"}
        raw |= {names.get(name, f"WAL {name}"): number(count) for name, count in _COUNTER.findall(value)}
    else:
        raw[key] = value


def worker(rest: str, count: int) -> tuple[dict[str, Any], str]:
    """A worker, and what its line says beside its figures."""
    raw: dict[str, Any] = {"Worker Number": count}
    found = FIGURES.match(rest)
    if found:
        raw |= actual(*found.groups())
        rest = rest[found.end() :]
    return raw, rest.strip()


def buffers(text: str) -> dict[str, Any]:
    """The counters of a line "shared hit=1 read=2, temp read=3"."""
    counters: dict[str, Any] = {}
    for part in text.split(", "):
        kind, _, counts = part.partition(" ")
        if kind.capitalize() in _BUFFER_KINDS:
            for name, count in _COUNTER.findall(counts):
                counters[f"{kind.capitalize()} {name.capitalize()} Blocks"] = number(count)
    return counters


def items(text: str) -> list[str]:
    """The expressions of a list, split at the commas that stand in no brackets, literal or quoted name."""
    if text in ("", "()"):
        return []
    if not _MAY_HOLD_A_COMMA.search(text):
        return text.split(", ")
    found, start, depth = [], 0, 0
    for token in _ITEM.finditer(text):
        mark = token.group()
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark == ", " and depth <= 0:
            found.append(text[start : token.start()])
            start = token.end()
    return [*found, text[start:]]


def complete(root: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
    """Adds what EXPLAIN's text leaves out because it is zero or false, where other lines show that it was counted."""
    has_buffers = any(name in raw for raw in nodes for name in BUFFERS)
    is_timed = "Actual Total Time" in root
    for raw in nodes:
        if "Grouping Sets" in raw and "Group Key" in raw:
            raw["Grouping Sets"] += [{"Group Keys": [raw.pop("Group Key")]}]
        if "Hash Batches" in raw:
            raw.setdefault("Original Hash Batches", raw["Hash Batches"])
            raw.setdefault("Original Hash Buckets", raw.get("Hash Buckets"))
        if "HashAgg Batches" in raw:
            raw.setdefault("Disk Usage", 0)
        if "Actual Loops" not in raw:
            continue
        for key in _counted(raw):
            raw.setdefault(key, 0)
        if has_buffers:
            for key in BUFFERS:
                raw.setdefault(key, 0)
        if is_timed and not raw["Actual Loops"]:
            raw |= {"Actual Startup Time": 0.0, "Actual Total Time": 0.0}


def _counted(raw: dict[str, Any]) -> tuple[str, ...]:
    """The counters that EXPLAIN keeps for a node of this kind that was run."""
    kind = raw["Node Type"]
    counters = []
    if "Filter" in raw:
        counters.append("Rows Removed by Filter")
    if "Join Filter" in raw:
        counters.append("Rows Removed by Join Filter")
    if ("Index Cond" in raw and kind in ("Index Scan", "Index Only Scan")) or "Recheck Cond" in raw:
        counters.append("Rows Removed by Index Recheck")
    if kind == "Bitmap Heap Scan":
        counters += ["Exact Heap Blocks", "Lossy Heap Blocks"]
    return tuple(counters)


def _list(raw: dict[str, Any], key: str, value: str) -> None:
    """A second list of the same name, or an empty one, is one of several grouping sets."""
    if key == "Group Key" and (key in raw or value == "()" or "Grouping Sets" in raw):
        sets = raw.setdefault("Grouping Sets", [])
        if key in raw:
            sets.append({"Group Keys": [raw.pop(key)]})
        sets.append({"Group Keys": [items(value)]})
    else:
        raw[key] = items(value)


def _parts(text: str, node_type: str) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name, value, _, originally in _PART.findall(text[:_LONGEST_PARTS]):
        key = _PARTS.get(name, name)
        if name == "Batches" and node_type == "Aggregate":
            key = "HashAgg Batches"
        raw[key] = number(value)
        if originally:
            raw[f"Original {key}"] = number(originally)
    return raw
