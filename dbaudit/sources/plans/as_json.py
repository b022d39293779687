"""Plans that EXPLAIN (FORMAT JSON) printed: an array, an object, or several of them one after the other."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NoReturn

from dbaudit.sources.plans import deep_json
from dbaudit.sources.plans.found import Found, Line, unreadable

_ROW = "QUERY PLAN"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of a plan")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def read(lines: Sequence[Line], path: str) -> Iterator[Found]:
    """The plans of a JSON text. Raises AuditError, with the line, for what is no plan."""
    text = "\n".join(line.text for line in lines)
    starts = [0, *accumulate(len(line.text) + 1 for line in lines)]

    def line_of(offset: int) -> int:
        return lines[min(bisect_right(starts, offset) - 1, len(lines) - 1)].number

    position = _next(text, 0)
    while position < len(text):
        try:
            value, end = _decoded(text, position)
        except json.JSONDecodeError as error:
            raise unreadable(path, line_of(error.pos), f"is not JSON: {error.msg}") from None
        except ValueError as error:
            raise unreadable(path, line_of(position), str(error)) from None
        for raw in _plans(value):
            if raw is None:
                raise unreadable(path, line_of(position), "is JSON, but no plan as EXPLAIN (FORMAT JSON) prints it")
            yield Found(raw=raw, line=line_of(position), end_line=line_of(end - 1))
        position = _next(text, end)


def _decoded(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except RecursionError:
        return deep_json.decode(text, position)


def _next(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n;,":
        position += 1
    return position


def _plans(value: Any) -> Iterator[dict[str, Any] | None]:
    """The objects with a plan in them, None for anything else; a client may give the rows of a result as objects."""
    for element in value if isinstance(value, list) else [value]:
        if isinstance(element, dict) and isinstance(element.get(_ROW), list):
            yield from (row if _is_plan(row) else None for row in element[_ROW])
        elif element != "Utility Statement":
            yield element if _is_plan(element) else None


def _is_plan(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Plan"), dict)
