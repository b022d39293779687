"""Why an index on a column does not serve a condition on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.ddl import create_index
from dbaudit.checks.plan._keys import ANY_OF, EQUALITY, RANGE, is_relabel, keys_for
from dbaudit.checks.plan._mend import PATTERNS, fixes_for
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.catalog import Index
from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form
from dbaudit.finding import Fix

_TEXTS = ("text", "character varying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defeat:
    """An index, a column of it, and why a condition on that column cannot use it; `conditions` as the server prints them."""

    index: Index
    column: Column
    conditions: tuple[str, ...]
    reason: str
    fixes: tuple[Fix, ...]

    @property
    def is_rewritten(self) -> bool:
        """Whether the fix is to write the condition otherwise, and no index."""
        return bool(self.fixes) and not self.fixes[0].statements


def defeats(scan: Scan, relations: Relations) -> tuple[Defeat, ...]:
    """One for each condition of the scan that an index on its column would serve if it were written otherwise; where
    there is none, one for an index that would serve if its columns were in another order."""
    return tuple(_defeats(scan, relations)) or tuple(_out_of_order(scan, relations))


def _defeats(scan: Scan, relations: Relations) -> Iterator[Defeat]:
    indexes = relations.indexes(scan.table)
    own = ("", scan.node.alias)
    for condition in scan.conditions:
        column = relations.column(scan.table, condition.column) if condition.alias in own else None
        if column is None or any(each.alias in own for each in condition.value_columns):
            continue
        led = [index for index in indexes if index.key_columns[0] == column.name and not index.predicate]
        plain = next((index for index in led if index.method == "btree"), None)
        if plain is None or any(condition.expression in index.expressions for index in indexes if index.expressions):
            continue
        reason = _reason(condition, column, led)
        if reason:
            fixes = fixes_for(condition, column, scan, relations)
            yield Defeat(index=plain, column=column, conditions=(condition.text,), reason=reason, fixes=fixes)


def _out_of_order(scan: Scan, relations: Relations) -> Iterator[Defeat]:
    """A btree with a column of the filter in it, behind one that the filter does not compare; where none leads with one."""
    keys = keys_for(scan.conditions, scan.node, scan.table, relations)
    compared = {key.column.name: key.column for key in keys if not key.expression}
    indexes = [index for index in relations.indexes(scan.table) if not index.predicate]
    if len(compared) < len(keys) or any(index.key_columns[0] in compared for index in indexes):
        return
    behind = [index for index in indexes if index.method == "btree" and compared.keys() & set(index.key_columns)]
    if not behind:
        return
    index = max(behind, key=lambda index: len(compared.keys() & set(index.key_columns)))
    column = compared[next(name for name in index.key_columns if name in compared)]
    first = relations.column(scan.table, index.key_columns[0])
    leading = first.quoted if first else "an expression"
    fix = create_index(
        scan.whole, [key.sql for key in keys], words=[key.word for key in keys], taken=relations.taken(scan.whole)
    )
    reason = f"the index is sorted by {leading}, which the filter does not compare, and by {column.quoted} only within that"
    conditions = tuple(condition.text for condition in scan.conditions if condition.column == column.name)
    yield Defeat(index=index, column=column, conditions=conditions, reason=reason, fixes=(fix,))


def _reason(condition: Condition, column: Column, led: list[Index]) -> str:
    """Why a btree on the bare column does not serve the condition; "" where it does, or where we do not know."""
    name, operator = column.quoted, condition.operator
    if operator not in (*EQUALITY, *ANY_OF, *RANGE, *PATTERNS):
        return ""
    relabel = condition.form is Form.COLUMN or is_relabel(condition, column)
    if relabel and operator in PATTERNS:
        return _pattern_reason(condition, column, led)
    if condition.form is Form.FUNCTION:
        return f"the index is on {name}, the filter on {condition.function}() of it"
    if condition.form is Form.EXPRESSION:
        return f"the index is on {name}, the filter on an expression over it"
    if relabel:
        return f"the filter compares by collation {condition.value_collation}" if condition.value_collation else ""
    if condition.form is Form.CAST and condition.cast == column.type:
        return "the filter compares by another collation than the index has"
    if condition.form is Form.CAST:
        return f"{name} is of type {column.type}, and each row's is cast to {condition.cast} to compare it"
    return ""


def _pattern_reason(condition: Condition, column: Column, led: list[Index]) -> str:
    if any(index.method != "btree" for index in led) or column.base_type not in _TEXTS:
        return ""
    if condition.operator == "~~*":
        return "a btree cannot search without regard to case"
    if condition.literal is None:
        return ""
    if condition.literal[:1] in ("%", "_"):
        return "the pattern begins with a wildcard, and a btree finds values by how they begin"
    serves_patterns = any("pattern_ops" in index.definition or 'COLLATE "C"' in index.definition for index in led)
    if column.has_c_collation or serves_patterns:
        return ""
    return "its collation is not C: only an index with text_pattern_ops is ordered as LIKE needs it"
