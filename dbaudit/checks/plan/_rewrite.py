"""How a condition that no index serves is written so that an index on the bare column does."""

from __future__ import annotations

import datetime
import re

from dbaudit.facts.column import Column
from dbaudit.facts.condition import Condition, Form
from dbaudit.facts.day_range import on_moments

_MOMENTS = ("timestamp without time zone", "timestamp with time zone")
_NUMBERS = ("smallint", "integer", "bigint")
_STARTS = {
    "hour": re.compile(r"\S+ \d\d:00:00([+-].*)?"),
    "day": re.compile(r"\S+ 00:00:00([+-].*)?"),
    "month": re.compile(r"\S+-01 00:00:00([+-].*)?"),
    "year": re.compile(r"\S+-01-01 00:00:00([+-].*)?"),
}
_TODAY = re.compile(r"CURRENT_DATE|\(CURRENT_DATE [+-] \d+\)")


def rewritten(condition: Condition, column: Column) -> str:
    """The condition in SQL over the bare column, or "" where we know of none that means the same.

    A day of a timestamptz is one of the session's TimeZone, before and after.
    """
    name, operator = column.quoted, condition.operator
    if column.base_type in _MOMENTS:
        if condition.form is Form.CAST and condition.cast == "date":
            is_day = condition.value_type == "date" or _TODAY.fullmatch(condition.value)
            return on_moments(name, operator, condition.value, _next_day(condition)) if is_day else ""
        if operator == "=":
            return _truncated(name, condition) or _year(name, condition)
    if condition.form is Form.CAST and column.base_type in _NUMBERS and operator == "=":
        return _number(name, condition)
    return ""


def _truncated(name: str, condition: Condition) -> str:
    """Only what is itself the start of a day ever equals a time truncated to its day."""
    for step, start in _STARTS.items():
        if condition.expression == f"date_trunc('{step}'::text, {name})" and start.fullmatch(condition.literal or ""):
            return on_moments(name, "=", condition.value, f"{condition.value} + interval '1 {step}'")
    return ""


def _next_day(condition: Condition) -> str:
    try:
        day = datetime.date.fromisoformat(condition.literal or "") + datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        return f"{condition.value} + 1"
    return f"'{day.isoformat()}'::date"


def _year(name: str, condition: Condition) -> str:
    if condition.expression != f"EXTRACT(year FROM {name})" or not re.fullmatch(r"[1-9]\d{3}", condition.literal or ""):
        return ""
    return on_moments(name, "=", f"'{condition.literal}-01-01'", f"'{int(condition.literal) + 1:04}-01-01'")


def _number(name: str, condition: Condition) -> str:
    """A whole number in quotes or of a wider type; of the kind that no row can equal, nothing is said."""
    text = condition.literal if condition.literal is not None else condition.value
    return f"{name} = {text}" if re.fullmatch(r"-?(0|[1-9]\d{0,17})", text) else ""
