"""A statement's plan has become worse than the one that was saved.

## What it does
Compares each statement with its plan in the file of --against, and reports one that no longer uses an index it used,
reads a relation whole that it did not, or costs twice as much or more. A plan that is merely another one is worth
knowing, no more.

## Why it matters
A dropped index, a rewritten query or a changed setting turns a look-up into a scan long before anybody notices: in a
small database both take no time.

## How it is found
Statements are found by their names, or by their texts where they have none. Costs are the planner's own, and compare
only on the same data: where the rows or the size of a relation of the statement have changed by more than a tenth since
the plan was saved, they are not compared, and only lost indexes are reported. Where costs compare, a lost index counts
only if the plan has become dearer. Relations of fewer than 1,000 rows are rightly read whole.

## Example
    dbaudit explain queries.sql --snapshot prod.dbaudit.json --save-plans plans.json
    DROP INDEX orders_customer_id_idx;
    dbaudit explain queries.sql --snapshot prod.dbaudit.json --schema migrations/ --against plans.json

## Instead
Bring back what the plan lost; or save the plans anew where the change is meant.

## When to ignore
When the new plan was wanted: save it.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._words import listed
from dbaudit.checks.plan._change import Lost, changed_relations, lost, shape
from dbaudit.checks.plan._words import about
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import Plan
from dbaudit.facts.saved_plan import SavedPlan, SavedRelation
from dbaudit.facts.statement import Explained, Statement
from dbaudit.finding import Confidence, Finding, Scalar, Severity


class Options(NamedTuple):
    """From which ratio of costs on a plan is worse, by how much data may differ, from how many rows on a scan counts."""

    cost_ratio: float = 2.0
    dearer_ratio: float = 1.1
    data_ratio: float = 0.1
    table_rows: int = 1_000


@check("PLN023", name="plan-regression", severity=Severity.WARNING, needs=(Explained, SavedPlan, SavedRelation),
       options=Options)
def plan_regression(facts: Facts, options: Options) -> Verdicts:
    saved = {row.identity: row.plan for row in facts[SavedPlan]}
    changed = changed_relations(facts, options.data_ratio)
    small = {
        (table.schema, table.name)
        for table in facts.get(Table)
        if table.estimated_rows is not None and table.estimated_rows < options.table_rows
    }
    for explained in facts[Explained]:
        before, after = saved.get(explained.statement.identity), explained.plan
        if before and after and after.has_estimates:
            touched = {(node.schema, node.relation) for plan in (before, after) for node in plan.nodes() if node.relation}
            worse = [each for each in lost(before, after) if each.relation not in small]
            yield from _verdicts(explained.statement, before, after, worse, not touched & changed, options)


def _verdicts(
    statement: Statement, before: Plan, after: Plan, worse: list[Lost], is_comparable: bool, options: Options
) -> Verdicts:
    old, new = before.root.total_cost, after.root.total_cost
    ratio = new / old if old else 1.0
    evidence: dict[str, Scalar] = {"cost_before": old, "cost_after": new, "cost_ratio": round(ratio, 2)}
    is_worse = is_comparable and ratio >= options.cost_ratio
    is_dearer = not is_comparable or ratio >= options.dearer_ratio
    told = [_sentence(each) for each in worse if (is_worse if each.instead else is_dearer)]
    if is_worse:
        told.append(f"its cost is {ratio:,.1f} × what it was ({old:,.0f} → {new:,.0f})")
    elif told and not is_comparable:
        told.append("costs are not compared, as its relations have changed in size")
    if told:
        severity = Severity.WARNING
    elif shape(before) != shape(after):
        severity = Severity.INFO
        told = [f"its plan is another one; its cost went from {old:,.0f} to {new:,.0f}"]
    else:
        return
    if worse:
        evidence["lost_indexes"] = ", ".join(sorted({name for each in worse for name in each.indexes}))
    yield Finding(
        code="PLN023",
        subject=about(statement),
        message="; ".join(told),
        severity=severity,
        span=statement.span,
        evidence=evidence,
        confidence=Confidence.HIGH if is_comparable else Confidence.MEDIUM,
    )


def _sentence(each: Lost) -> str:
    name = ".".join(part for part in each.relation if part)
    if each.is_scanned:
        return f"reads all of {name}, which it found by {listed(each.indexes)} before"
    instead = f"; it uses {listed(each.instead)}" if each.instead else ""
    return f"no longer uses {listed(each.indexes)} on {name}{instead}"
