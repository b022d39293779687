"""The rewrites of a statement that a finding may propose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbaudit.facts import Facts
from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Fix, Span

# By the identity of the statement that they would replace.
Rewrites = Mapping[str, Sequence[Rewrite]]

UNION_ALL = Fix(
    title="split the OR into one join for each branch, where each leaves out what an earlier one has, and UNION ALL them",
    applicability="manual",
)
NOT_EXISTS = Fix(
    title="write NOT EXISTS with the comparison inside in place of NOT IN, or EXISTS in place of IN",
    applicability="manual",
)


def known_rewrites(facts: Facts) -> Rewrites:
    """What is known of all statements: made once in a check."""
    found: dict[str, list[Rewrite]] = {}
    for rewrite in facts.get(Rewrite):
        found.setdefault(rewrite.identity, []).append(rewrite)
    return found


def for_what_never_ended(rewrites: Rewrites, statement: Statement) -> tuple[Fix, ...]:
    """The rewrites of what makes a statement take for ever: nothing was measured of it that another check could name."""
    tried = (
        with_rewrite(UNION_ALL, rewrites, statement, Sight.OR_IN_JOIN),
        with_rewrite(NOT_EXISTS, rewrites, statement, Sight.NOT_IN_SUBQUERY),
    )
    return tuple(fix for fix in tried if fix.rewrite)


def with_rewrite(
    fix: Fix, rewrites: Rewrites, statement: Statement, *sights: Sight, span: Span | None = None, column: str = ""
) -> Fix:
    """The fix with the statement as it would be, where there is just one way to do away with what was seen.

    `span` is where that was seen, `column` what it was seen of; without them it is anywhere in the statement.
    """
    found = [
        rewrite
        for rewrite in rewrites.get(statement.identity, ())
        if rewrite.sight in sights
        and (span is None or rewrite.span == span)
        and (not column or rewrite.column == column)
    ]
    if len(found) != 1:
        return fix
    return replace(fix, rewrite=found[0].statement.text, remark=found[0].remark)
