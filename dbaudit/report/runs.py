"""How often a statement was run, how long the runs took and what they had to read, in words and for a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Run
from dbaudit.units import count, milliseconds


def in_short(runs: Sequence[Run]) -> str:
    """What a figure of several runs is, for the line of a statement; empty for a single run."""
    if len(runs) < 2:
        return ""
    first = f"; the first, cold, took {milliseconds(runs[0].execution_ms)}" if runs[0].is_cold else ""
    return _which(runs) + first


def in_full(plan: Plan, runs: Sequence[Run]) -> list[str]:
    """The times of a plan that was run and the blocks that it touched: a line, or one for the first and one for the
    median of several runs. None for a plan that was not run."""
    if plan.execution_ms is None:
        return []
    root = plan.root
    blocks = _blocks(root.shared_hit_blocks, root.shared_read_blocks)
    if len(runs) < 2:
        return [_times(plan.execution_ms, plan.planning_ms) + blocks]
    first = runs[0]
    named = "first run, cold" if first.is_cold else "first run"
    counted = [run.execution_ms for run in runs if not run.is_cold]
    low, high = milliseconds(min(counted)), milliseconds(max(counted))
    spread = f" ({low} to {high})" if low != high else ""
    return [
        f"{named}: {_times(first.execution_ms, first.planning_ms)}{_blocks(first.hit_blocks, first.read_blocks)}",
        f"{_which(runs)}: {_times(plan.execution_ms, plan.planning_ms, spread)}{blocks}",
    ]


def of_settings(settings: Mapping[str, str]) -> str:
    """The planner's settings that differ from their defaults."""
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    return ", ".join(f"{name} = '{value}'" for name, value in quoted.items())


def same_settings(plans: Iterable[Plan]) -> Mapping[str, str] | None:
    """The settings that all these plans were made under, or None where they differ."""
    found = [dict(plan.settings) for plan in plans]
    return found[0] if found and all(settings == found[0] for settings in found) else None


def as_json(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The `runs` key of the JSON report, in the order in which they were made."""
    return [
        {
            "execution_ms": run.execution_ms,
            "planning_ms": run.planning_ms,
            "shared_hit_blocks": run.hit_blocks,
            "shared_read_blocks": run.read_blocks,
            "is_cold": run.is_cold,
        }
        for run in runs
    ]


def _which(runs: Sequence[Run]) -> str:
    counted = [run for run in runs if not run.is_cold]
    if len(counted) == 1:
        return "the warm one of 2 runs"
    return f"median of {len(counted)}{' warm' if len(counted) < len(runs) else ''} runs"


def _times(execution_ms: float, planning_ms: float | None, spread: str = "") -> str:
    planning = f", planning {milliseconds(planning_ms)}" if planning_ms is not None else ""
    return f"execution {milliseconds(execution_ms)}{spread}{planning}"


def _blocks(hit: int | None, read: int | None) -> str:
    if hit is None and read is None:
        return ""
    return f"; {count(hit or 0, 'block')} hit, {read or 0:,} read"
