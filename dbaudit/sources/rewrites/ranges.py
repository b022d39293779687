"""A day, a month or a year of a column to a range of the column itself, which an index on it serves.

Only for columns of a timestamp type: both sides are then cut by the same calendar and the same TimeZone. Where the
column is NULL, both are NULL.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dbaudit.facts.day_range import on_moments
from dbaudit.facts.statement import Edit, Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.sources.rewrites.found import Found
from dbaudit.sources.rewrites.relation import Relations, relation_at, source_of
from dbaudit.sources.rewrites.text import POSITIONAL, written
from dbaudit.sources.sqllex import NUMBER, PARAMETER, STRING
from dbaudit.sources.sqlpieces import CAST, Pieces
from dbaudit.sources.sqlquery import Query
from dbaudit.sources.sqlterms import Range, Reference, atoms, comparison, is_bare_column, unwrapped

_MOMENTS = ("timestamp without time zone", "timestamp with time zone")
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
_STARTS = {"day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d-01", "year": r"\d{4}-01-01"}
_DAY = re.compile(r"'(\d{4}-\d\d-\d\d)'")
_FINITE = "it means the same for every date but infinity"


class _Hidden(NamedTuple):
    """A column and the step it is cut to. `takes` is "date" or "text" for what it is compared with, or "number"."""

    column: Reference
    sight: Sight
    step: str
    takes: str


def ranges(
    statement: Statement, pieces: Pieces, queries: Sequence[Query], relations: Relations
) -> Iterator[Found]:
    """Each comparison of a day, a month or a year of a column that can be a range of the column as well."""
    for query in queries:
        for start, end in [*([query.clauses["where"]] if "where" in query.clauses else []), *query.joins]:
            for term in atoms(pieces, start, end):
                yield from _range(pieces, query, relations, term)


def _range(pieces: Pieces, query: Query, relations: Relations, term: Range) -> Iterator[Found]:
    compared = comparison(pieces, *term)
    if compared is None:
        return
    left, operator, right = compared
    for side, other, sign in ((left, right, operator), (right, left, _FLIPPED[operator])):
        side = unwrapped(pieces, *side)
        hidden = _hidden(pieces, *side)
        source = source_of(query, hidden.column.qualifier) if hidden else None
        relation = relation_at(pieces, source, relations) if source else None
        if hidden is None or relation is None or relation.types.get(hidden.column.name) not in _MOMENTS:
            continue
        bounds = _bounds(pieces, *unwrapped(pieces, *other), hidden)
        name = written(pieces, hidden.column.start, hidden.column.end)
        text = _condition(name, sign, *bounds[:2]) if bounds and (sign == "=" or hidden.takes == "date") else ""
        if bounds and text:
            edit = Edit(start=pieces.starts[term[0]], end=pieces.ends[term[1] - 1], text=text)
            yield Found(
                sight=hidden.sight, start=side[0], end=side[1], edits=(edit,), column=hidden.column.name, remark=bounds[2]
            )
            return


def _hidden(pieces: Pieces, start: int, end: int) -> _Hidden | None:
    words = pieces.words
    if words[end - 2 : end] == [CAST, "date"] and (column := is_bare_column(pieces, start, end - 2)):
        return _Hidden(column, Sight.CAST_OF_COLUMN, "day", "date")
    if end - start < 4 or words[start + 1] != "(" or pieces.partner[start + 1] != end - 1:
        return None
    word, first, last = words[start], start + 2, end - 1
    if word == "date" and (column := is_bare_column(pieces, first, last)):
        return _Hidden(column, Sight.FUNCTION_ON_COLUMN, "day", "date")
    if word == "cast" and words[last - 2 : last] == ["as", "date"] and (column := is_bare_column(pieces, first, last - 2)):
        return _Hidden(column, Sight.CAST_OF_COLUMN, "day", "date")
    if word in ("date_trunc", "date_part") and words[first + 1] == ",":
        step = written(pieces, first, first + 1).lower().strip("'")
        column = is_bare_column(pieces, first + 2, last)
        if column and word == "date_trunc" and step in _STARTS:
            return _Hidden(column, Sight.FUNCTION_ON_COLUMN, step, "text")
        if column and word == "date_part" and step == "year":
            return _Hidden(column, Sight.FUNCTION_ON_COLUMN, step, "number")
    if word == "extract" and words[first : first + 2] == ["year", "from"]:
        if column := is_bare_column(pieces, first + 2, last):
            return _Hidden(column, Sight.FUNCTION_ON_COLUMN, "year", "number")
    return None


def _bounds(pieces: Pieces, start: int, end: int, hidden: _Hidden) -> tuple[str, str, str] | None:
    """Where the range begins, where what comes after it does, and the remark; None for what may be of another type."""
    text, is_one = written(pieces, start, end), end - start == 1
    if hidden.takes == "number":
        if not is_one or pieces.kinds[start] != NUMBER or not re.fullmatch(r"[1-9]\d{3}", text) or text == "9999":
            return None
        return f"'{text}-01-01'", f"'{int(text) + 1:04}-01-01'", ""
    if hidden.takes == "text":
        if not is_one or pieces.kinds[start] != STRING or not re.fullmatch(f"'{_STARTS[hidden.step]}'", text):
            return None
        following = _following(text.strip("'"), hidden.step)
        return (text, f"'{following}'", "") if following else None
    is_cast = pieces.words[end - 2 : end] == [CAST, "date"]
    start, end = start + (pieces.words[start] == "date"), end - 2 * is_cast
    if end - start != 1:
        return None
    text, kind = written(pieces, start, end), pieces.kinds[start]
    if kind == STRING and (day := _DAY.fullmatch(text)):
        following = _following(day[1], "day")
        return (f"date {text}", f"date '{following}'", "") if following else None
    if pieces.words[start] == "current_date":
        return text, f"{text} + 1", ""
    if kind == PARAMETER and text not in POSITIONAL and _is_used_once(pieces, text):
        value = f"CAST({text} AS date)"
        return value, f"{value} + 1", _FINITE
    return None


def _is_used_once(pieces: Pieces, text: str) -> bool:
    """Whether a parameter stands nowhere else: its type is that of its first place."""
    places = [place for place, kind in enumerate(pieces.kinds) if kind == PARAMETER]
    return sum(written(pieces, place, place + 1) == text for place in places) == 1


def _following(text: str, step: str) -> str:
    """The next day, or the first day of the next month or year; "" for a day that is in no calendar."""
    try:
        day = datetime.date.fromisoformat(text)
        if step == "day":
            return (day + datetime.timedelta(days=1)).isoformat()
        year, month = (day.year + 1, 1) if step == "year" or day.month == 12 else (day.year, day.month + 1)
        return datetime.date(year, month, 1).isoformat()
    except (ValueError, OverflowError):
        return ""


def _condition(name: str, operator: str, first: str, following: str) -> str:
    """In brackets where it is of two parts, as it stands among others."""
    condition = on_moments(name, operator, first, following)
    return f"({condition})" if operator == "=" else condition
