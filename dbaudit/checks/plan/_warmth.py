"""Whether the time of a statement is that of a cold run or of warm ones."""

from __future__ import annotations

from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Run
from dbaudit.finding import Scalar
from dbaudit.units import count, milliseconds

# From this share of the blocks on, reading may be what made a run slow.
_MUCH_RATIO = 0.1


def of_runs(runs: tuple[Run, ...], plan: Plan) -> tuple[str, dict[str, Scalar]]:
    """What several runs come to, or how far a single one may have been a cold one: in words and as evidence."""
    if len(runs) > 1:
        first = runs[0]
        figures: dict[str, Scalar] = {"runs_count": len(runs), "first_ms": first.execution_ms, "first_is_cold": first.is_cold}
        if not first.is_cold:
            least = min(runs, key=lambda run: run.read_blocks)
            is_much = _is_much(least.read_blocks, least.hit_blocks)
            each = f", each of which read {least.read_blocks:,} blocks or more from outside shared_buffers"
            return f"; the median of {len(runs)} runs{each if is_much else ''}", figures
        warm = f"the median of {len(runs) - 1} warm runs" if len(runs) > 2 else "warm"
        read = count(first.read_blocks, "block")
        return f"; {warm}, the first, cold, took {milliseconds(first.execution_ms)} and read {read}", figures
    read = plan.root.shared_read_blocks or 0
    hit = plan.root.shared_hit_blocks or 0
    if not _is_much(read, hit):
        return "", {}
    told = f"; it read {read:,} of its {count(read + hit, 'block')} from outside shared_buffers, as a first run does"
    return told, {"read_blocks": read, "hit_blocks": hit}


def _is_much(read: int, hit: int) -> bool:
    return read > 0 and read >= _MUCH_RATIO * (read + hit)
