"""The file of saved plans: a statement or a relation a line, in an order of its own, so that a diff shows what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.saved_plan import SavedPlan, SavedRelation
from dbaudit.facts.statement import Explained

VERSION = 1
LARGEST_FILE_BYTES = 256 << 20

_REMEDY = "make it anew: dbaudit explain FILE --save-plans PLANS"
_KEPT = frozenset(
    [
        "Node Type", "Parent Relationship", "Subplan Name", "Join Type", "Strategy", "Schema", "Relation Name", "Alias",
        "Index Name", "CTE Name", "Scan Direction", "Parallel Aware", "Startup Cost", "Total Cost", "Plan Rows",
        "Plan Width", "Filter", "Index Cond", "Recheck Cond", "Order By", "Join Filter", "Hash Cond", "Merge Cond",
        "TID Cond", "One-Time Filter", "Sort Key", "Presorted Key", "Group Key",
    ]
)  # fmt: skip


def written(facts: Facts) -> str:
    """The text of a file that holds the plan of every statement that has one, and what is known of their relations.

    Of a plan the planner's figures are kept, and not what came of a run.
    """
    plans = {
        row.statement.identity: {"label": row.statement.label, "plan": {"Plan": _estimated(row.plan.raw["Plan"])}}
        for row in facts.get(Explained)
        if row.plan and row.plan.has_estimates
    }
    touched = {
        (node.schema, node.relation) for row in facts.get(Explained) if row.plan for node in row.plan.nodes() if node.relation
    }
    relations = {
        f"{table.schema}\0{table.name}": [table.schema, table.name, table.estimated_rows, table.size_bytes]
        for table in facts.get(Table)
        if (table.schema, table.name) in touched
    }
    lines = [f'{{"dbaudit_plans": {VERSION},', '"relations": [']
    lines += _listed(json.dumps(relations[key]) for key in sorted(relations))
    lines += ["],", '"statements": {']
    lines += _listed(f"{json.dumps(key)}: {json.dumps(plans[key])}" for key in sorted(plans))
    return "\n".join([*lines, "}}", ""])


def read(path: str) -> Facts:
    """The plans and relations of a file, as facts. Raises AuditError where it cannot be read or holds something else."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_FILE_BYTES + 1)
        if len(text) > LARGEST_FILE_BYTES:
            raise AuditError(f"{path} is larger than {LARGEST_FILE_BYTES >> 20} MB: no file of saved plans is")
        return _facts(json.loads(text))
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise AuditError(f"{path} is no file of saved plans", _REMEDY) from None


def _facts(value: Mapping[str, Any]) -> Facts:
    if value["dbaudit_plans"] != VERSION:
        raise ValueError
    plans = tuple(
        SavedPlan(identity=identity, label=str(entry["label"]), plan=plan_from_json(entry["plan"]))
        for identity, entry in value["statements"].items()
    )
    relations = tuple(
        SavedRelation(
            schema=str(schema),
            name=str(name),
            estimated_rows=None if rows is None else float(rows),
            size_bytes=int(size_bytes),
        )
        for schema, name, rows, size_bytes in value["relations"]
    )
    return Facts({SavedPlan: plans, SavedRelation: relations})


def _estimated(root: Mapping[str, Any]) -> dict[str, Any]:
    """Without recursion: a plan can be thousands of nodes deep."""
    top: dict[str, Any] = {}
    stack = [(root, top)]
    while stack:
        source, kept = stack.pop()
        kept.update((key, value) for key, value in source.items() if key in _KEPT)
        if source.get("Plans"):
            kept["Plans"] = [{} for _ in source["Plans"]]
            stack.extend(zip(source["Plans"], kept["Plans"]))
    return top


def _listed(items: Any) -> list[str]:
    lines = list(items)
    return [f"{line}," for line in lines[:-1]] + lines[-1:]
