"""Several runs of one statement as one: what was cold told from what was warm, and the median of the warm runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Explained, How, Run

# A scan of a relation larger than a quarter of shared_buffers goes through a small ring of buffers, and yet each run
# leaves a few hundred blocks more behind: that little less to read does not make the run before it a cold one.
_WARMED_RATIO = 0.1


def together(every: Sequence[Explained], *, wanted: int) -> Explained:
    """The runs of one statement, in order, as one. The first was run; where a later one was not, it is the last.

    `wanted` is how many there were to be, for the sentence that says why there are not.
    """
    ran = [explained for explained in every if explained.how is How.ANALYZED and explained.plan]
    if not ran:
        return every[0]
    runs = _told_apart([_run(explained.plan) for explained in ran])
    warm = [pair for pair in zip(runs, ran) if not pair[0].is_cold]
    median = _middle([run.execution_ms for run, _ in warm])
    chosen = next(explained for run, explained in warm if run.execution_ms == median)
    later = [run.planning_ms for run in runs[1:] if run.planning_ms is not None]
    plan = replace(chosen.plan, planning_ms=_middle(later)) if later else chosen.plan
    return replace(chosen, plan=plan, runs=runs, reason=_reason(every[-1], len(every), wanted))


def _middle(values: Sequence[float]) -> float:
    """The median; of two in the middle the lower, which has a run of its own."""
    return sorted(values)[(len(values) - 1) // 2]


def _run(plan: Plan) -> Run:
    return Run(
        execution_ms=plan.execution_ms or 0.0,
        planning_ms=plan.planning_ms,
        hit_blocks=plan.root.shared_hit_blocks or 0,
        read_blocks=plan.root.shared_read_blocks or 0,
    )


def _told_apart(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs, where the first is cold if it read clearly more than any later one had to."""
    first, *later = runs
    if not later:
        return (replace(first, is_cold=None if first.read_blocks else False),)
    spared = first.read_blocks - max(run.read_blocks for run in later)
    is_cold = spared > 0 and spared >= _WARMED_RATIO * first.read_blocks
    return (replace(first, is_cold=is_cold), *later)


def _reason(last: Explained, number: int, wanted: int) -> str:
    """Why there are fewer runs than wanted, or empty."""
    if last.how is How.ANALYZED:
        return ""
    if last.how is How.TIMED_OUT:
        return f"run {number} of {wanted} was cancelled after {last.limit_ms} ms"
    why = last.refusal.message if last.refusal else last.reason
    return f"run {number} of {wanted} did not come about: {why}"
