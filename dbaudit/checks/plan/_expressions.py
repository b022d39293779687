"""Which expressions over a column an index may be made on: only IMMUTABLE ones, and only those we are sure of.

Volatility is that of pg_proc.provolatile on PostgreSQL 14 to 18. What depends on the TimeZone, such as a timestamptz
cast to a date, is STABLE and cannot be indexed.
"""

from __future__ import annotations

import re

from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form

_TEXTS = ("text", "character varying", "character", "citext")
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
_OF_TEXT = (
    "lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "TRIM", "md5", "length", "char_length", "reverse", "left",
    "right", "substr", "SUBSTRING", "split_part", "replace",
)
_OF_NUMBERS = ("abs", "ceil", "floor", "round", "mod", "sign")
_OF_ZONELESS_TIME = ("date_trunc", "EXTRACT", "date_part")
_CALL = re.compile(r"([\w.]+|\"[^\"]*\")\(")
_STRING = re.compile(r"'(?:[^']|'')*'")


def indexable(condition: Condition, column: Column) -> str:
    """The index key, in its brackets, for the side of the condition that has the column; "" where it may not be one."""
    return f"({condition.expression})" if _is_immutable(condition, column) else ""


def _is_immutable(condition: Condition, column: Column) -> bool:
    bare = _STRING.sub("''", condition.expression)
    if "$" in bare or "InitPlan" in bare or "CURRENT_" in bare or "LOCALTIME" in bare:
        return False
    kind, calls = column.base_type, _CALL.findall(bare)
    if condition.form is Form.FUNCTION:
        if len(calls) != 1:
            return False
        if condition.function == "COALESCE":
            return kind in _TEXTS + _NUMBERS and "::" not in bare.replace("::text", "").replace("::integer", "")
        return (
            (kind in _TEXTS and condition.function in _OF_TEXT)
            or (kind in _NUMBERS and condition.function in _OF_NUMBERS)
            or (kind == "timestamp without time zone" and condition.function in _OF_ZONELESS_TIME)
        )
    if calls:
        return False
    if condition.form is Form.CAST:
        if kind == "timestamp without time zone":
            return condition.cast == "date"
        return kind in _NUMBERS and condition.cast in _NUMBERS + ("text",)
    if condition.form is Form.EXPRESSION:
        if kind == "jsonb":
            return re.fullmatch(r"\([^()]+ ->>? (''::text|\d+)\)", bare) is not None
        return kind in _NUMBERS and re.fullmatch(r"\(+[^'()]+\)[^'()]*\)*", bare) is not None
    return False
