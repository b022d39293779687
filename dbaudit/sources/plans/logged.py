"""Plans that auto_explain wrote to a server's log: stderr's lines, csvlog and jsonlog, and what psql shows of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What auto_explain logged of one statement: `text` is its message behind the first line, without a log's tabs.

    `first` is where the text begins in the file; a log in JSON has it all in one line. `flaw` says why the entry
    cannot be read.
    """

    line: int
    first: int
    duration_ms: float
    text: str
    is_one_line: bool = False
    flaw: str = ""

    @property
    def body(self) -> list[Line]:
        """The lines of the text with their numbers in the file."""
        step = 0 if self.is_one_line else 1
        return [Line(self.first + step * number, line) for number, line in enumerate(self.text.split("\n"))]


def is_entry(text: str) -> bool:
    """Whether a line begins what auto_explain wrote."""
    return " ms  plan:" in text and bool(_HEADER.search(text) or text.startswith("{") and _IN_JSON.search(text))


def entries(lines: Iterable[Line]) -> Iterator[Entry]:
    """The entries of auto_explain in a log, whose lines are looked at once and not kept. Never raises."""
    source = Lines(lines)
    for number, text in source:
        if " ms  plan:" not in text:
            continue
        if text.startswith("{") and _IN_JSON.search(text):
            yield _of_jsonlog(number, text)
        elif _IN_CSV.search(text):
            yield _of_csvlog(number, text, source)
        elif header := _HEADER.search(text):
            yield _of_stderr(number, float(header.group(1)), source)


def plan(entry: Entry, path: str) -> Found:
    """The plan of an entry, with its statement and how long that ran. Raises AuditError where it is not whole."""
    if entry.flaw:
        raise unreadable(path, entry.line, entry.flaw)
    found = _plan(entry, path)
    raw: dict[str, Any] = {key: value for key, value in found.raw.items() if key not in _PRIVATE}
    return replace(found, raw=raw, line=entry.line, duration_ms=entry.duration_ms)


class Lines:
    """Lines one after the other, of which the last one can be given back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._returned: Line | None = None

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> Line:
        line, self._returned = self._returned, None
        return next(self._lines) if line is None else line

    def give_back(self, line: Line) -> None:
        """The next line is this one again."""
        self._returned = line


def _of_stderr(number: int, duration_ms: float, source: Lines) -> Entry:
    """An entry whose lines begin with a tab, as the server writes them, else all up to another entry."""
    body: list[str] = []
    has_tabs = False
    for line in source:
        if not body:
            has_tabs = line.text.startswith("\t")
        if not line.text.startswith("\t") if has_tabs else (_HEADER.search(line.text) or _OTHER_ENTRY.match(line.text)):
            source.give_back(line)
            break
        body.append(line.text.removeprefix("\t"))
    flaw = "" if body else "the entry of auto_explain is not followed by its plan"
    return Entry(line=number, first=number + 1, duration_ms=duration_ms, text="\n".join(body), flaw=flaw)


def _of_csvlog(number: int, first: str, source: Lines) -> Entry:
    """The entry whose message goes on to the quote that closes it. What is in it cannot begin another entry."""
    body: list[str] = []
    flaw = "the entry of auto_explain is not whole: its quote is not closed"
    for line in source:
        if _IN_CSV.search(line.text):
            source.give_back(line)
            break
        if line.text.count('"') % 2:
            # Of the quotes in the line only doubled ones stand before the one that closes.
            end = re.match(r'(?:[^"]|"")*+', line.text).end()
            body.append(line.text[:end].replace('""', '"'))
            flaw = ""
            break
        body.append(line.text.replace('""', '"'))
    duration = float(_HEADER.search(first).group(1))
    return Entry(line=number, first=number + 1, duration_ms=duration, text="\n".join(body), flaw=flaw)


def _of_jsonlog(number: int, text: str) -> Entry:
    duration, message = 0.0, ""
    try:
        whole = json.loads(text)["message"]
        header = _MESSAGE.match(whole)
        duration, message = float(header.group(1)), whole[header.end() :]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    flaw = "" if message else "is not a whole entry of a JSON log"
    return Entry(line=number, first=number, duration_ms=duration, text=message, is_one_line=True, flaw=flaw)


def _plan(entry: Entry, path: str) -> Found:
    body = entry.body
    first = next((line.text for line in body if line.text.strip()), "")
    if first.startswith(("{", "[")):
        found = list(as_json.read(body, path))
    elif first.startswith(_TEXT + '"') and any(line.text.startswith("Plan:") for line in body):
        found = list(as_yaml.read(body, path))
    elif first.startswith("<explain"):
        raise unreadable(path, entry.line, "the plan is XML, which is not read")
    else:
        return _text_plan(entry, body, path)
    if len(found) != 1:
        raise unreadable(path, entry.line, f"the entry of auto_explain has {len(found) or 'no'} plans")
    return replace(found[0], statement=_as_text(found[0].raw.get("Query Text")))


def _text_plan(entry: Entry, body: list[Line], path: str) -> Found:
    """The text of a statement may hold anything; the root of its plan is the last head that is not indented."""
    roots = [position for position, line in enumerate(body) if _is_root(line.text)]
    if not roots:
        raise unreadable(path, entry.line, "the entry of auto_explain has no plan in text, JSON or YAML")
    root = roots[-1]
    found = next(as_text.read(body[root:], path), None)
    if found is None:
        raise unreadable(path, body[root].number, "is no whole plan")
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
