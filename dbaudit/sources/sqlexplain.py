"""Statements that are written with EXPLAIN before them: where the statement begins that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.sources.placeholders import PLANNABLE
from dbaudit.sources.sqllex import NUMBER, OPERATOR, PUNCTUATION, QUOTED, STRING, WORD, Token, fold

# Behind an opening parenthesis these begin a query; no option is called so, as they are reserved.
_RESERVED = frozenset(["select", "table", "with"])


def start_of_explained(text: str, found: Sequence[Token]) -> int:
    """The place among the tokens (no white space, no comments) of what follows EXPLAIN and its options.

    0 where the text is no EXPLAIN, or one of something else than a query or a data modification, such as EXECUTE. The
    grammar is that of PostgreSQL 14 to 18 (ExplainStmt in gram.y): ANALYZE and VERBOSE in this order, or options with
    any values in parentheses.
    """
    if _word(text, found, 0) != "explain":
        return 0
    place = _behind_options(text, found, 1)
    if place == 1:
        place += _word(text, found, place) in ("analyze", "analyse")
        place += _word(text, found, place) == "verbose"
    first = place
    while _word(text, found, first) == "(":
        first += 1
    return place if _word(text, found, first) in PLANNABLE else 0


def _behind_options(text: str, found: Sequence[Token], start: int) -> int:
    """The place behind the parentheses with options, or `start` where there are none."""
    place, before = start, _word(text, found, start)
    while before in ("(", ",") and place + 1 < len(found):
        name = found[place + 1]
        if name.kind not in (WORD, QUOTED) or _word(text, found, place + 1) in _RESERVED:
            return start
        place += 2
        place += _kind(found, place) == OPERATOR
        place += _kind(found, place) in (WORD, QUOTED, STRING, NUMBER)
        before = _word(text, found, place)
    return place + 1 if before == ")" else start


def _kind(found: Sequence[Token], place: int) -> str:
    return found[place].kind if place < len(found) else ""


def _word(text: str, found: Sequence[Token], place: int) -> str:
    """A word folded or a mark; empty for other tokens and outside of the text."""
    if _kind(found, place) not in (WORD, PUNCTUATION):
        return ""
    return fold(text[found[place].start : found[place].end])
