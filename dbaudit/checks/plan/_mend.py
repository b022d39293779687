"""What makes an index serve a condition that it does not serve: the condition rewritten, or another index."""

from __future__ import annotations

from dbaudit.checks.ddl import create_index
from dbaudit.checks.plan._expressions import indexable
from dbaudit.checks.plan._keys import is_relabel
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._rewrite import rewritten
from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form
from dbaudit.finding import Fix

PATTERNS = ("~~", "~~*")


def fixes_for(condition: Condition, column: Column, scan: Scan, relations: Relations) -> tuple[Fix, ...]:
    """A rewrite that means the same where there is one, else the index that serves the condition as it stands."""
    rewrite = rewritten(condition, column)
    if rewrite:
        return (Fix(title=f"write the condition as {rewrite}", applicability="manual"),)
    is_bare = condition.form is Form.COLUMN or is_relabel(condition, column)
    key = column.quoted if is_bare else indexable(condition, column)
    words = [column.name, *([condition.function.lower()] if condition.function else [])]
    if not key:
        return (Fix(title=f"compare {column.quoted} itself, in its own type: {column.type}", applicability="manual"),)
    if condition.operator == "~~*" or (condition.operator == "~~" and (condition.literal or "")[:1] in ("%", "_")):
        return (_trigrams(key, words, scan, relations),)
    if condition.operator == "~~":
        key, words = f"{key} text_pattern_ops", [*words, "pattern"]
    elif is_bare and condition.value_collation:
        key, words = f"{key} COLLATE {condition.value_collation}", [*words, "collated"]
    elif is_bare:
        return (Fix(title=f"compare {key} by the collation that it has in the table", applicability="manual"),)
    return (create_index(scan.whole, [key], words=words, taken=relations.taken(scan.whole)),)


def _trigrams(key: str, words: list[str], scan: Scan, relations: Relations) -> Fix:
    """An index that finds a text by any three characters in it. pg_trgm is a trusted extension since PostgreSQL 13."""
    taken = relations.taken(scan.whole)
    index = create_index(scan.whole, [f"{key} gin_trgm_ops"], words=[*words, "trgm"], taken=taken, method="gin")
    return Fix(
        title=f"create a trigram index on {scan.whole.qualified} ({key}), with the extension pg_trgm",
        statements=("CREATE EXTENSION IF NOT EXISTS pg_trgm;", *index.statements),
        applicability="manual",
        lock=index.lock,
        in_transaction=index.in_transaction,
        undo=index.undo,
    )
