"""A large part of a statement's time goes into triggers.

## What it does
Reports the triggers of an INSERT, UPDATE, DELETE or MERGE that was run elsewhere and whose plan was given. Of a foreign
key whose referencing columns have no index it names that index.

## Why it matters
The nodes of the plan do not show this time. The trigger of a foreign key looks, for each deleted row and each changed
key, for rows that refer to it: without an index on the referencing columns it reads their whole table each time.

## How it is found
From what EXPLAIN ANALYZE prints of triggers below the plan: all of them together took at least 30 % of the execution
time and 10 ms. Each that took a tenth of the time is reported. dbaudit itself runs nothing that writes, so that only
`dbaudit explain --plan` sees this. With a database beside the plan the foreign key is looked up, by its constraint's
name, and its indexes are judged as for unindexed-foreign-key (IDX001).

## Example
    EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM customers WHERE id < 100;
    -- Trigger for constraint orders_customer_id_fkey: time=4210.118 calls=99

## Instead
    CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);

A trigger of your own that is FOR EACH ROW may become one FOR EACH STATEMENT that reads a transition table (REFERENCING
NEW TABLE AS …), or do less.

## When to ignore
When the trigger has to do this work, and nobody waits for it.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._triggers import Lookups, searches_referenced, searches_references, together
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan, Trigger
from dbaudit.facts.statement import Explained
from dbaudit.finding import Finding, Fix, Severity
from dbaudit.units import count, milliseconds

_EACH_SHARE = 0.10
_OWN = Fix(title="make it FOR EACH STATEMENT, with a transition table, or have it do less", applicability="manual")


class Options(NamedTuple):
    """From which share of the execution time, and from how many milliseconds."""

    time_ratio: float = 0.30
    trigger_ms: float = 10.0


@check("PLN016", name="trigger-time", severity=Severity.WARNING, needs=(Explained,), options=Options)
def trigger_time(facts: Facts, options: Options) -> Verdicts:
    lookups = Lookups(facts)
    for explained in facts[Explained]:
        plan = explained.plan
        if plan is None or not plan.trigger_ms or not plan.execution_ms:
            continue
        if plan.trigger_ms < options.trigger_ms or plan.trigger_ms < options.time_ratio * plan.execution_ms:
            continue
        for trigger in together(plan):
            if (trigger.time_ms or 0.0) >= _EACH_SHARE * plan.execution_ms:
                yield _finding(explained, plan, trigger, lookups)


def _finding(explained: Explained, plan: Plan, trigger: Trigger, lookups: Lookups) -> Finding:
    time_ms = trigger.time_ms or 0.0
    ratio = min(1.0, time_ms / (plan.execution_ms or 1.0))
    called = f"of constraint {trigger.constraint}" if trigger.constraint else trigger.name
    on = f" on {trigger.relation}" if trigger.relation else ""
    message = f"the trigger {called}{on} ran {count(trigger.calls, 'time')}, in {milliseconds(time_ms)} and "
    message += f"{percent(ratio)} of the execution"
    why, fix = _cause(plan, trigger, lookups)
    return Finding(
        code="PLN016",
        subject=about(explained.statement),
        message=message + why,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, plan.root),
        evidence={
            "trigger": trigger.constraint or trigger.name,
            "calls_count": round(trigger.calls),
            "time_ms": round(time_ms, 3),
            "time_ratio": round(ratio, 4),
        },
        fixes=(fix,) if fix else (),
        discriminator=f"{trigger.constraint or trigger.name} {trigger.relation}".rstrip(),
    )


def _cause(plan: Plan, trigger: Trigger, lookups: Lookups) -> tuple[str, Fix | None]:
    """Why it takes its time, as the end of a sentence, and what mends that."""
    if not trigger.constraint:
        return "", _OWN
    if searches_referenced(trigger):
        return ": it looks up each new value in the referenced table, by that table's key", None
    if not searches_references(trigger, plan):
        return "", None
    lookup = lookups.of(trigger)
    if lookup is None:
        unknown = f"see that an index leads with the referencing columns of {trigger.constraint}"
        return ": it looks for rows that refer to those that are gone", Fix(title=unknown, applicability="manual")
    columns = ", ".join(lookup.key.quoted_columns)
    if lookup.fix is None:
        return f": it looks them up in {lookup.key.table} by ({columns}), which is indexed", None
    return f": each time it scans {lookup.key.table}, as no index is on ({columns})", lookup.fix
