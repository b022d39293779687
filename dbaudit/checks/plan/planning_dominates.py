"""Planning a statement takes longer than running it.

## What it does
Reports a statement whose planning took at least 10 ms, and half or more of planning and execution together.

## Why it matters
A plan is made anew each time, unless the statement is prepared and its plan is kept. What takes 30 ms to plan and 1 ms
to run is a slow statement that no index can help.

## How it is found
From EXPLAIN's planning time and execution time, in a statement that was run. The first statement of a connection that
touches a table reads its catalogs first, so the figure is higher than in a connection that has been open for a while:
with `--runs 3` it is the median of the later runs, and certain.

## Example
    SELECT * FROM measurements WHERE device_id = 7;      -- 2,000 partitions, and no condition on their key

## Instead
Name the partition key in the condition, so that the planner leaves the other partitions alone; join fewer tables at
once; drop indexes that are not used, each of which is considered. Prepare what is run often: after five executions the
plan may be kept, and `SET plan_cache_mode = force_generic_plan` keeps it at once.

## When to ignore
When the connection is kept open and later runs are planned quickly: `--runs 3` tells.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained
from dbaudit.finding import Confidence, Finding, Fix, Severity
from dbaudit.units import count, milliseconds

_FIX = Fix(title="prepare the statement and keep its plan, or give the planner less to choose from",
           applicability="manual")


class Options(NamedTuple):
    """From how many milliseconds, and from which share of planning and execution."""

    planning_ms: float = 10.0
    time_ratio: float = 0.50


@check("PLN015", name="planning-dominates", severity=Severity.INFO, needs=(Explained,), options=Options)
def planning_dominates(facts: Facts, options: Options) -> Verdicts:
    for explained in facts[Explained]:
        plan = explained.plan
        if plan is None or not plan.was_run or plan.planning_ms is None or plan.execution_ms is None:
            continue
        ratio = plan.planning_ms / ((plan.planning_ms + plan.execution_ms) or 1.0)
        if plan.planning_ms < options.planning_ms or ratio < options.time_ratio:
            continue
        relations = len({(node.schema, node.relation) for node in plan.nodes() if node.relation})
        message = f"planning took {milliseconds(plan.planning_ms)}, {percent(ratio)} of the time, and execution "
        message += f"{milliseconds(plan.execution_ms)}; the plan reads {count(relations, 'relation')}"
        is_measured_again = len(explained.runs) > 1
        if is_measured_again:
            message += f"; the first run's planning took {milliseconds(explained.runs[0].planning_ms or 0.0)}"
        yield Finding(
            code="PLN015",
            subject=about(explained.statement),
            message=message,
            severity=Severity.INFO,
            span=explained.statement.span,
            in_plan=at(explained, plan.root),
            evidence={
                "time_ms": plan.planning_ms,
                "execution_ms": plan.execution_ms,
                "time_ratio": round(ratio, 4),
                "relations_count": relations,
            },
            fixes=(_FIX,),
            confidence=Confidence.HIGH if is_measured_again else Confidence.MEDIUM,
        )
