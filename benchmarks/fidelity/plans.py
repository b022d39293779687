"""Plans of the same statement on two servers: whether they are the same, and where they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from datasets import Question

COST_TOLERANCE = 0.01

_ESTIMATES = ("Startup Cost", "Total Cost", "Plan Rows", "Plan Width")
# What majors print alike. They deparse conditions and name subplans differently, and 18 adds keys to every node.
_IN_EVERY_MAJOR = (
    "Node Type", "Parent Relationship", "Join Type", "Strategy", "Partial Mode", "Parallel Aware", "Scan Direction",
    "Schema", "Relation Name", "Alias", "Index Name", "Function Name", "CTE Name", "Workers Planned",
)

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One statement's two plans. `cost_ratio` is the twin's total cost by the source's, `difference` is empty where the
    shape is the same and no node's estimates are further apart than the tolerance."""

    question: Question
    has_same_shape: bool
    cost_ratio: float
    difference: str

    @property
    def has_same_cost(self) -> bool:
        return abs(self.cost_ratio - 1) <= COST_TOLERANCE


def explain(connection: psycopg.Connection, question: Question) -> dict[str, Any] | str:
    """The plan, or what the server said instead."""
    try:
        if question.parameters:
            connection.execute("SET plan_cache_mode = force_custom_plan")
            connection.execute(f"PREPARE question AS {question.text}")
            text = f"EXECUTE question ({', '.join(question.parameters)})"
        else:
            text = question.text
        plan = connection.execute(f"EXPLAIN (VERBOSE, SETTINGS, FORMAT JSON) {text}").fetchone()[0][0]
        if question.parameters:
            connection.execute("DEALLOCATE question")
        return plan
    except psycopg.Error as error:
        return str(error).splitlines()[0]


def compare(question: Question, source: Mapping[str, Any], twin: Mapping[str, Any], *, same_major: bool) -> Comparison:
    """The statement's plans compared. On one major, all that EXPLAIN prints of a node but its estimates must be the same."""
    pairs = list(_pairs(source["Plan"], twin["Plan"], "", same_major))
    parted = next((f"{path}: {said}" for path, _, _, said in pairs if said), "")
    ratio = _ratio(source["Plan"]["Total Cost"], twin["Plan"]["Total Cost"])
    if source.get("Settings") != twin.get("Settings") and same_major:
        parted = parted or f"settings: {source.get('Settings')} became {twin.get('Settings')}"
    return Comparison(
        question=question, has_same_shape=not parted, cost_ratio=ratio, difference=parted or _estimates_part(pairs, ratio)
    )


def _pairs(ours: Node, theirs: Node, path: str, same_major: bool) -> Iterator[tuple[str, Node, Node, str]]:
    """The nodes side by side, parents first, until they are not the same."""
    path = f"{path} > {_label(ours)}" if path else _label(ours)
    said = _shape_differs(ours, theirs, same_major)
    yield path, ours, theirs, said
    if not said:
        for mine, yours in zip(ours.get("Plans", ()), theirs.get("Plans", ()), strict=True):
            yield from _pairs(mine, yours, path, same_major)


def _shape_differs(ours: Node, theirs: Node, same_major: bool) -> str:
    keys = [key for key in {**ours, **theirs} if key not in _ESTIMATES and key != "Plans"] if same_major else _IN_EVERY_MAJOR
    differing = [key for key in keys if ours.get(key) != theirs.get(key)]
    children = [[_label(child) for child in node.get("Plans", ())] for node in (ours, theirs)]
    if not differing and len(children[0]) == len(children[1]):
        return ""
    values = "; ".join(f"{key} {ours.get(key)!r} became {theirs.get(key)!r}" for key in differing[:3])
    return f"{values or f'children {children[0]} became {children[1]}'} ({_figures(ours)} became {_figures(theirs)})"


def _estimates_part(pairs: list[tuple[str, Node, Node, str]], ratio: float) -> str:
    """The deepest node whose estimates differ: what is above it differs because of it."""
    if abs(ratio - 1) <= COST_TOLERANCE / 100:
        return ""
    for path, ours, theirs, _ in reversed(pairs):
        if any(abs(_ratio(ours[key], theirs[key]) - 1) > COST_TOLERANCE / 100 for key in _ESTIMATES):
            return f"{path}: {_figures(ours)} became {_figures(theirs)}"
    return ""


def _label(node: Node) -> str:
    of = node.get("Index Name") or node.get("Alias") or node.get("CTE Name") or ""
    return f"{node['Node Type']} {of}".strip()


def _figures(node: Node) -> str:
    return f"cost={node['Startup Cost']}..{node['Total Cost']} rows={node['Plan Rows']} width={node['Plan Width']}"


def _ratio(ours: float, theirs: float) -> float:
    return theirs / ours if ours else 1.0 if not theirs else float("inf")
