"""Plans that auto_explain wrote to a server's log: stderr's lines, csvlog and jsonlog, and what psql shows of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaudit.sources.plans import as_json, as_text, as_yaml, heads
from dbaudit.sources.plans.found import Found, Line, unreadable

_HEADER = re.compile(r"(?:^|[\s\"])duration: (\d{1,15}\.\d{1,6}) ms  plan:\s*$")
_IN_CSV = re.compile(r',"duration: \d{1,15}\.\d{1,6} ms  plan:\s*$')
_IN_JSON = re.compile(r'"message":\s*"duration: \d+\.\d+ ms  plan:')
_MESSAGE = re.compile(r"duration: (\d{1,15}\.\d{1,6}) ms  plan:\n")
_OTHER_ENTRY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d|[A-Z]+:  ")
_TEXT, _PARAMETERS = "Query Text: ", "Query Parameters: "
_PRIVATE = ("Query Text", "Query Parameters")


@dataclass(slots=True, kw_only=True)
class _Entry:
    line: int
    duration_ms: float
    body: list[Line]


def is_log(text: str) -> bool:
    """Whether auto_explain wrote in this text."""
    return " ms  plan:" in text and bool(
        re.search(r"duration: \d+\.\d+ ms  plan:(?:\s*$|\\n)", text, re.MULTILINE)
    )


def read(lines: Sequence[Line], path: str) -> Iterator[Found]:
    """The plans of a log, with their statements and how long these ran. Raises AuditError for one that is broken."""
    for entry in _entries(lines, path):
        found = _plan(entry, path)
        raw: dict[str, Any] = {key: value for key, value in found.raw.items() if key not in _PRIVATE}
        yield replace(found, raw=raw, line=entry.line, duration_ms=entry.duration_ms)


def _entries(lines: Sequence[Line], path: str) -> Iterator[_Entry]:
    position = 0
    while position < len(lines):
        number, text = lines[position]
        position += 1
        if text.startswith("{") and _IN_JSON.search(text):
            yield _of_jsonlog(number, text, path)
        elif _IN_CSV.search(text):
            entry, position = _of_csvlog(lines, position)
            yield entry
        elif header := _HEADER.search(text):
            body, position = _body(lines, position)
            if not body:
                raise unreadable(path, number, "the entry of auto_explain is not followed by its plan")
            yield _Entry(line=number, duration_ms=float(header.group(1)), body=body)


def _body(lines: Sequence[Line], position: int) -> tuple[list[Line], int]:
    """The lines of an entry: those that begin with a tab, as the server writes them, else all up to another entry."""
    start = position
    has_tabs = position < len(lines) and lines[position].text.startswith("\t")
    while position < len(lines):
        text = lines[position].text
        if not text.startswith("\t") if has_tabs else (_HEADER.search(text) or _OTHER_ENTRY.match(text)):
            break
        position += 1
    return [Line(number, text.removeprefix("\t")) for number, text in lines[start:position]], position


def _of_csvlog(lines: Sequence[Line], position: int) -> tuple[_Entry, int]:
    """The entry whose message began in the line before `position` and goes on to the quote that closes it."""
    number, first = lines[position - 1]
    duration = float(_HEADER.search(first).group(1))
    body: list[Line] = []
    while position < len(lines):
        line, text = lines[position]
        position += 1
        if text.count('"') % 2:
            # Of the quotes in the line only doubled ones stand before the one that closes.
            end = re.match(r'(?:[^"]|"")*+', text).end()
            body.append(Line(line, text[:end].replace('""', '"')))
            break
        body.append(Line(line, text.replace('""', '"')))
    return _Entry(line=number, duration_ms=duration, body=body), position


def _of_jsonlog(number: int, text: str, path: str) -> _Entry:
    try:
        message = json.loads(text)["message"]
        header = _MESSAGE.match(message)
        duration = float(header.group(1))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise unreadable(path, number, "is not a whole entry of a JSON log") from None
    return _Entry(
        line=number, duration_ms=duration, body=[Line(number, line) for line in message[header.end() :].split("\n")]
    )


def _plan(entry: _Entry, path: str) -> Found:
    first = next((line.text for line in entry.body if line.text.strip()), "")
    if first.startswith(("{", "[")):
        found = list(as_json.read(entry.body, path))
    elif first.startswith(_TEXT + '"') and any(line.text.startswith("Plan:") for line in entry.body):
        found = list(as_yaml.read(entry.body, path))
    elif first.startswith("<explain"):
        raise unreadable(path, entry.line, "the plan is XML, which is not read")
    else:
        return _text_plan(entry, path)
    if len(found) != 1:
        raise unreadable(path, entry.line, f"the entry of auto_explain has {len(found) or 'no'} plans")
    return replace(found[0], statement=_as_text(found[0].raw.get("Query Text")))


def _text_plan(entry: _Entry, path: str) -> Found:
    """The text of a statement may hold anything; the root of its plan is the last head that is not indented."""
    body = entry.body
    roots = [position for position, line in enumerate(body) if _is_root(line.text)]
    if not roots:
        raise unreadable(path, entry.line, "the entry of auto_explain has no plan in text, JSON or YAML")
    root = roots[-1]
    found = next(as_text.read(body[root:], path))
    head = [line.text for line in body[:root]]
    parameters = [position for position, text in enumerate(head) if text.startswith(_PARAMETERS)]
    statement = "\n".join(head[: parameters[-1]] if parameters else head)
    return replace(found, statement=statement.removeprefix(_TEXT))


def _is_root(text: str) -> bool:
    if text[:1].isspace() or "(cost=" not in text:
        return False
    raw = heads.node(text.rstrip())
    return raw is not None and heads.has_figures(raw)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""
