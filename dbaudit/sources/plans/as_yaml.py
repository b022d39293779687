"""Plans that EXPLAIN (FORMAT YAML) printed: the part of YAML that PostgreSQL writes, which quotes strings as JSON does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dbaudit.sources.plans.found import Found, Line, unreadable

_KEY = re.compile(r"([^\s\"\[{][^:\"]*): ?(.*)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORDS = {"true": True, "false": False, "null": None}


def read(lines: Sequence[Line], path: str) -> Iterator[Found]:
    """The plans of a YAML text. Raises AuditError, with the line, for what PostgreSQL would not write."""
    document: list[Line] = []
    base = 0
    for line in lines:
        content = line.text.strip()
        if not content or content == "---":
            continue
        column = len(line.text) - len(line.text.lstrip(" "))
        if not document:
            base = column
        elif column <= base and content.startswith(("- ", "Plan:", "Query Text:")) and not _is_open(document):
            yield _plan(document, path)
            document, base = [], column
        document.append(line)
    if document:
        yield _plan(document, path)


def _is_open(document: list[Line]) -> bool:
    """Whether the text of the statement is all there is yet, so that the plan behind it is part of the same object."""
    return not any(line.text.lstrip(" -").startswith("Plan:") for line in document[:3])


def _plan(document: list[Line], path: str) -> Found:
    raw = _object(document, path)
    first, last = document[0].number, document[-1].number
    if not isinstance(raw.get("Plan"), dict):
        raise unreadable(path, first, "is no plan as EXPLAIN (FORMAT YAML) prints it")
    return Found(raw=raw, line=first, end_line=last)


def _object(document: list[Line], path: str) -> dict[str, Any]:
    """The mapping that the lines are, or that is the one item they are."""
    top: dict[str, Any] = {}
    first = document[0].text
    base = len(first) - len(first.lstrip(" "))
    # A container and the column of its keys or dashes; the outermost first.
    stack: list[tuple[int, Any]] = [(base + 2 if first.lstrip().startswith("- ") else base, top)]
    waiting: tuple[dict[str, Any], str, int] | None = None
    for position, (number, text) in enumerate(document):
        content = text.strip()
        column = len(text) - len(text.lstrip(" "))
        is_item = content.startswith("- ") or content == "-"
        if position == 0 and is_item:
            content, column, is_item = content[2:].lstrip(), column + 2, False
        if waiting and column > waiting[2]:
            holder, key, _ = waiting
            holder[key] = [] if is_item else {}
            stack.append((column, holder[key]))
        waiting = None
        while len(stack) > 1 and stack[-1][0] > column:
            stack.pop()
        if stack[-1][0] != column:
            raise unreadable(path, number, "is indented like nothing above it")
        container = stack[-1][1]
        if isinstance(container, list) != is_item:
            raise unreadable(path, number, "is not where EXPLAIN (FORMAT YAML) would print it")
        if is_item:
            content = content[2:].strip()
            if not _KEY.fullmatch(content):
                container.append(_scalar(content, number, path))
                continue
            item: dict[str, Any] = {}
            container.append(item)
            column += 2
            stack.append((column, item))
            container = item
        pair = _KEY.fullmatch(content)
        if not pair:
            raise unreadable(path, number, "is not YAML as EXPLAIN prints it")
        key, value = pair.groups()
        container[key] = _scalar(value, number, path) if value.strip() else []
        if not value.strip():
            waiting = (container, key, column)
    return top


def _scalar(text: str, number: int, path: str) -> Any:
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text or len(text) > 300 else int(text)
    if text[:1] in ('"', "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise unreadable(path, number, "is not closed, or not written as EXPLAIN writes it") from None
    return text
