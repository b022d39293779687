"""Which key columns an index needs to serve the conditions of a scan, and which indexes there are that would do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbaudit.checks.plan._expressions import indexable
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form
from dbaudit.facts.plan import PlanNode

EQUALITY = ("=", "IS NULL", "IS TRUE", "IS FALSE")
ANY_OF = ("= ANY",)
RANGE = ("<", "<=", ">", ">=")
_RANKS = (EQUALITY, ANY_OF, RANGE, ("IS NOT NULL",))
# A btree tuple holds at most a third of a page; what is wide on average may well be wider than that at times.
_WIDEST_KEY_BYTES = 400
_MOST_KEYS = 4
_NO_BTREE_ORDER = ("json", "xml", "point", "box", "circle", "polygon", "line", "lseg", "path", "xid", "cid", "jsonb")
_TEXTS = ("text", "character varying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What an index would search by: a column, or an expression over it, as SQL writes it and as a name has it.

    `rank` is the kind of its condition: 0 equality, 1 = ANY, 2 a range, 3 IS NOT NULL, which is a range too.
    """

    column: Column
    rank: int
    sql: str
    word: str
    expression: str = ""


def is_relabel(condition: Condition, column: Column) -> bool:
    """Whether the cast around the column changes nothing for an index: varchar to text, a domain to its base type.

    A text that is cast to text once more is how EXPLAIN shows another collation, which does.
    """
    if condition.form is not Form.CAST or condition.cast == column.type:
        return False
    return condition.cast == column.base_type or (condition.cast in _TEXTS and column.base_type in _TEXTS)


def keys_for(conditions: Iterable[Condition], node: PlanNode, table: Table, relations: Relations) -> tuple[Key, ...]:
    """Equality columns, the most selective first, then those of = ANY, then at most one range column."""
    found: dict[str, Key] = {}
    for condition in conditions:
        key = _key(condition, node, table, relations)
        if key and (key.sql not in found or key.rank < found[key.sql].rank):
            found[key.sql] = key
    ordered = sorted(found.values(), key=lambda key: (key.rank, -_distinct(key.column, table), key.column.number))
    ranges = [key for key in ordered if key.rank >= 2]
    return tuple([key for key in ordered if key.rank < 2][: _MOST_KEYS - 1] + ranges[:1])


def is_served_by(index: Index, keys: Sequence[Key]) -> bool:
    """Whether the index, no partial one, leads with exactly these keys: equality in any order, the range last."""
    if not keys or index.predicate:
        return False
    if index.method == "hash":
        return [(key.column.name, key.rank, key.expression) for key in keys] == [(index.key_columns[0], 0, "")]
    if index.method != "btree":
        return False
    if any(key.expression for key in keys):
        return any(key.expression and key.expression in index.expressions for key in keys)
    equal = {key.column.name for key in keys if key.rank < 2}
    leading = index.key_columns[: len(equal)]
    if set(leading) != equal or len(leading) != len(equal):
        return False
    following = index.key_columns[len(equal) : len(equal) + 1]
    return all(key.column.name in following for key in keys if key.rank >= 2)


def _key(condition: Condition, node: PlanNode, table: Table, relations: Relations) -> Key | None:
    own = ("", node.alias)
    if condition.alias not in own or any(each.alias in own for each in condition.value_columns):
        return None
    column = relations.column(table, condition.column)
    if column is None or column.base_type in _NO_BTREE_ORDER or column.base_type.endswith("[]"):
        return None
    if condition.value_collation or (column.average_width_bytes or 0) > _WIDEST_KEY_BYTES:
        return None
    rank = next((rank for rank, known in enumerate(_RANKS) if condition.operator in known), None)
    if rank is None:
        return None
    if condition.form is Form.COLUMN or is_relabel(condition, column):
        return Key(column=column, rank=rank, sql=column.quoted, word=column.name)
    sql, word = indexable(condition, column), "_".join(filter(None, (column.name, condition.function.lower())))
    return Key(column=column, rank=rank, sql=sql, word=word, expression=condition.expression) if sql else None


def _distinct(column: Column, table: Table) -> float:
    """How many values the column has, as far as statistics tell."""
    known = column.distinct_count or 0.0
    return known if known >= 0 else -known * (table.estimated_rows or 0.0)
