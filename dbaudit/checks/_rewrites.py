"""The rewrites of a statement that a finding may propose."""

from __future__ import annotations

from dataclasses import replace

from dbaudit.facts import Facts
from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Fix, Span

UNION_ALL = Fix(
    title="split the OR into one join for each branch, where each leaves out what an earlier one has, and UNION ALL them",
    applicability="manual",
)
NOT_EXISTS = Fix(
    title="write NOT EXISTS with the comparison inside in place of NOT IN, or EXISTS in place of IN",
    applicability="manual",
)


def for_what_never_ended(facts: Facts, statement: Statement) -> tuple[Fix, ...]:
    """The rewrites of what makes a statement take for ever: nothing was measured of it that another check could name."""
    tried = (
        with_rewrite(UNION_ALL, facts, statement, Sight.OR_IN_JOIN),
        with_rewrite(NOT_EXISTS, facts, statement, Sight.NOT_IN_SUBQUERY),
    )
    return tuple(fix for fix in tried if fix.rewrite)


def with_rewrite(
    fix: Fix, facts: Facts, statement: Statement, *sights: Sight, span: Span | None = None, column: str = ""
) -> Fix:
    """The fix with the statement as it would be, where there is just one way to do away with what was seen.

    `span` is where that was seen, `column` what it was seen of; without them it is anywhere in the statement.
    """
    found = [
        rewrite
        for rewrite in facts.get(Rewrite)
        if rewrite.identity == statement.identity
        and rewrite.sight in sights
        and (span is None or rewrite.span == span)
        and (not column or rewrite.column == column)
    ]
    if len(found) != 1:
        return fix
    return replace(fix, rewrite=found[0].statement.text, remark=found[0].remark)
