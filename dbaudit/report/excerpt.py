"""The line of a statement that a finding points at, with the place underlined."""

from __future__ import annotations

import unicodedata

from dbaudit.facts.statement import Statement
from dbaudit.finding import Span
from dbaudit.report.text import clean


def lines(statement: Statement, span: Span | None, width: int) -> tuple[str, ...]:
    """Two lines of at most `width` columns: `12 | WHERE lower(email) = $1`, and one that underlines the place.

    Of a place on several lines the first is shown. None where the place is the whole statement, or no place of it.
    """
    whole = statement.span
    if span is None or span == whole or span.path != whole.path or not whole.line <= span.line <= whole.end_line:
        return ()
    text = _line(statement.text, span.line - whole.line)
    offset = whole.column - 1 if span.line == whole.line else 0
    start = span.column - 1 - offset
    end = span.end_column - 1 - offset if span.end_line == span.line else len(text)
    if not 0 <= start < end <= len(text):
        return ()
    margin = f"{span.line} | "
    before, marked, after = _fitted(text[:start].lstrip(), text[start:end].rstrip(), text[end:].rstrip(), width - len(margin))
    under = " " * (len(margin) - 2) + "| " + " " * columns(before) + "^" * max(1, columns(marked))
    return margin + before + marked + after, under


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _line(text: str, number: int) -> str:
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return found[number] if number < len(found) else ""


def _fitted(before: str, marked: str, after: str, width: int) -> tuple[str, str, str]:
    """The three parts of a line as a terminal may show them, cut so that the middle is seen."""
    before, marked, after = _clean(before), _cut(_clean(marked), width), _clean(after)
    room = width - columns(marked)
    if columns(before) > room:
        before = "…" + _cut(before[::-1], max(0, min(room - 1, width // 3)), mark="")[::-1] if room > 0 else ""
    return before, marked, _cut(after, room - columns(before))


def _clean(text: str) -> str:
    return clean(text.replace("\t", " "))


def _cut(text: str, width: int, mark: str = "…") -> str:
    """As much of a text as fits, the mark in place of the rest."""
    if columns(text) <= width:
        return text
    taken, left = "", width - len(mark)
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        taken += character
    return taken + mark if width > 0 else ""
