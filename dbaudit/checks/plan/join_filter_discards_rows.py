"""A join compares far more pairs of rows than it keeps, by a condition that no join method can use.

## What it does
Reports a join whose Join Filter threw away 10,000 pairs of rows or more, 90 % of those that it looked at.

## Why it matters
Only an equality can be hashed or merged. What is left in a Join Filter, an OR over columns of two relations, a
comparison with <> or <, a function of both sides, is evaluated for each pair of rows: a thousand rows on each side are
a million pairs.

## How it is found
In a statement that was run: the rows that the Join Filter removed, in all loops and workers, against those that the
join returned, where the join itself took at least 10 % of the time. Where an index on one side would serve the
condition, seq-scan-discards-rows (PLN001) names it and this check says nothing.

## Example
    SELECT o.id, c.id FROM orders o JOIN customers c ON c.email = o.email OR c.phone = o.phone;

## Instead
    SELECT o.id, c.id FROM orders o JOIN customers c ON c.email = o.email
    UNION ALL
    SELECT o.id, c.id FROM orders o JOIN customers c ON (c.phone = o.phone) AND (c.email = o.email) IS NOT TRUE;

So each pair comes once, and no row is taken for a duplicate, as UNION would. Where nothing but tables are joined, and
the statement neither groups nor sorts nor limits, it is written out and planned on the same server. For a range, join
by an equality as well where there is one, such as the day.

## When to ignore
When one side is a handful of rows and will stay so.
"""

from __future__ import annotations

from typing import NamedTuple

from dbaudit.checks._rewrites import UNION_ALL, Rewrites, known_rewrites, with_rewrite
from dbaudit.checks._words import listed
from dbaudit.checks.plan._at import at
from dbaudit.checks.plan._joins import Join, join_filters
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._words import about, percent
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Finding, Part, Scalar, Severity
from dbaudit.units import count, milliseconds


class Options(NamedTuple):
    """From how many removed pairs, up to which share kept, from which share of the statement's time."""

    removed_rows: int = 10_000
    kept_ratio: float = 0.10
    time_ratio: float = 0.10


@check("PLN011", name="join-filter-discards-rows", severity=Severity.WARNING, needs=(Explained, Table), options=Options)
def join_filter_discards_rows(facts: Facts, options: Options) -> Verdicts:
    relations, rewrites = Relations.of(facts), known_rewrites(facts)
    for explained in facts[Explained]:
        for join in join_filters(explained, relations, removed_rows=options.removed_rows,
                                 kept_ratio=options.kept_ratio, time_ratio=options.time_ratio):
            yield _finding(rewrites, explained, join)


def _finding(rewrites: Rewrites, explained: Explained, join: Join) -> Finding:
    columns = list(dict.fromkeys(f"{each.alias}.{each.column}" for each in join.columns))
    message = f"a {join.node.node_type} looked at {count(join.removed_rows + join.kept_rows, 'pair')} of rows "
    message += f"to keep {count(join.kept_rows, 'pair')} by its Join Filter on "
    message += f"{listed(columns) or 'an expression'}, {milliseconds(join.time_ms)} and "
    message += f"{percent(join.time_ratio)} of the statement's time"
    if join.is_either:
        message += "; an OR over two relations can be neither hashed nor merged"
    evidence: dict[str, Scalar] = {
        "node": join.node.node_type,
        "removed_pairs_count": round(join.removed_rows),
        "kept_pairs_count": round(join.kept_rows),
        "time_ms": round(join.time_ms, 3),
        "time_ratio": round(join.time_ratio, 4),
    }
    return Finding(
        code="PLN011",
        subject=about(explained.statement),
        message=message,
        severity=Severity.WARNING,
        span=explained.statement.span,
        in_plan=at(explained, join.node, part=Part.CONDITION, expressions=[join.node.join_filter]),
        evidence=evidence,
        fixes=(with_rewrite(UNION_ALL, rewrites, explained.statement, Sight.OR_IN_JOIN),) if join.is_either else (),
        discriminator=" ".join(columns),
    )
