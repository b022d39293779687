"""Every partition of a table is read although a filter wants rows of a few.

## What it does
Reports an Append over all partitions of a table where the filter is on the partition key but written so that the
planner cannot use it, with the rewrite; or, for tables of many partitions, where no condition is on the key.

## Why it matters
Leaving out partitions is what they are for. A statement that reads them all plans and opens each one with its indexes,
takes a lock on each, and becomes slower with every month that is added.

## How it is found
In the plan: an Append reads as many partitions as the table has, from 3 on, of a table of at least 10,000 rows, with a
condition on a cast, a function or an expression of the partition key, compared with a constant. In a statement that was
run, at most half of them returned a row, and they took at least 10 % of the time. Without any condition on the key: the
same for at least 10 partitions, in a statement that was run, as an info. A bare column of the key in the filter is
pruned by where anything can be, and is not judged. Keys that are expressions are not either.
Where an index on the key is there too, index-defeated (PLN022) has the same rewrite and speaks instead.

## Example
    CREATE TABLE events (id bigint, at timestamptz) PARTITION BY RANGE (at);
    SELECT count(*) FROM events WHERE at::date = '2024-05-01';

## Instead
    SELECT count(*) FROM events WHERE at >= '2024-05-01' AND at < '2024-05-02';

## When to ignore
When the rows that are wanted may be in any partition, and an index in each finds them.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._named import named_scans
from dbaudit.checks.plan._partitions import Unpruned, unpruned
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._rewrite import rewritten
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.finding import Confidence, Finding, Fix, Part, Scalar, Severity
from dbaudit.units import count, milliseconds


class Options(NamedTuple):
    """From how many partitions and rows of the table, with a condition on the key and without, and share of time."""

    partitions: int = 3
    partitions_without_key: int = 10
    rows: int = 10_000
    time_ratio: float = 0.10


@check("PLN019", name="unprunable-partitions", severity=Severity.WARNING, needs=(Explained, Table, Index, Column),
       options=Options)
def unprunable_partitions(facts: Facts, options: Options) -> Verdicts:
    relations = Relations.of(facts)
    for explained in facts[Explained]:
        if explained.plan is None:
            continue
        for found in unpruned(explained.plan, relations, partitions=options.partitions, rows=options.rows):
            if found.time_ratio is not None and found.time_ratio < options.time_ratio:
                continue
            if found.condition is None:
                is_run = found.with_rows is not None and len(found.scans) >= options.partitions_without_key
                if not is_run or set(found.scans) & named_scans(explained, relations):
                    continue
            elif found.column is None or _is_indexed(found.scans[0].schema, found, relations):
                continue
            yield _finding(explained, found)


def _is_indexed(schema: str, found: Unpruned, relations: Relations) -> bool:
    table = relations.tables[schema, found.scans[0].relation]
    return any(index.key_columns[0] == found.condition.column for index in relations.indexes(table))


def _finding(explained: Explained, found: Unpruned) -> Finding:
    key = ", ".join(found.whole.partition_columns)
    expressions = [found.condition.text] if found.condition else []
    message = f"all {count(len(found.scans), 'partition')} of {found.whole.qualified} are read"
    message += f", of which {found.with_rows} had rows" if found.with_rows is not None else ""
    if found.time_ms is not None and found.time_ratio is not None:
        message += f", in {milliseconds(found.time_ms)} and {percent(found.time_ratio)} of the time"
    evidence: dict[str, Scalar] = {"partitions_count": len(found.scans), "with_rows_count": found.with_rows}
    if found.time_ms is not None:
        evidence["time_ms"] = round(found.time_ms, 3)
    if found.condition and found.column:
        message += f": the filter is on an expression over {found.column.quoted}, and only the column itself can "
        message += "leave any out"
        rewrite = rewritten(found.condition, found.column)
        bare = f"compare {found.column.quoted} itself, in its own type: {found.column.type}"
        title = f"write the condition as {rewrite}" if rewrite else bare
    else:
        message += f": no condition is on the partition key ({key})"
        title = f"add a condition on {key}, where the application knows which it can be"
    return Finding(
        code="PLN019",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING if found.condition else Severity.INFO,
        span=explained.statement.span,
        in_plan=at(explained, found.scans[0], part=Part.CONDITION, expressions=expressions, relation=found.whole.name),
        evidence=evidence,
        fixes=(Fix(title=title, applicability="manual"),),
        confidence=Confidence.HIGH if found.with_rows is not None else Confidence.MEDIUM,
        discriminator=found.whole.qualified,
    )
