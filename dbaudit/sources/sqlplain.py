"""`SELECT * FROM relation …`: the one star that tokens alone understand, and the commonest. It saves sqlglot's import."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.sources.sqllex import PUNCTUATION, QUOTED, WORD, Token, fold

# What may follow the relation, or its alias, in a query that reads nothing else.
_NEXT_CLAUSES = frozenset(["where", "order", "limit", "offset", "fetch", "for", "group"])
_OTHER_SOURCES = frozenset(["select", "from", "join", "with", "union", "intersect", "except", "table", "values", "lateral"])
_NO_ALIAS = _NEXT_CLAUSES | _OTHER_SOURCES | {"as", "tablesample", "natural", "cross", "inner", "left", "right", "full"}


def relation_of_plain_star(text: str, found: Sequence[Token]) -> str:
    """The relation, as it is written, that the star of `SELECT * FROM relation [[AS] alias] …` reaches.

    `found` are the tokens of the statement without space and comments. Empty for a statement of any other form, also for
    one that has a second query, relation or star anywhere in it.
    """
    words = [fold(text[token.start : token.end]) if token.kind == WORD else "" for token in found]
    if words[:3] != ["select", "", "from"] or _star_count(text, found) != 1 or text[found[1].start] != "*":
        return ""
    if _OTHER_SOURCES & set(words[3:]) or words[3:4] == ["only"]:
        return ""
    end = _end_of_name(text, found, 3)
    if end == 3 or end < len(found) and text[found[end].start] in "(*,":
        return ""
    after = end
    if after < len(found) and words[after] == "as":
        after += 1
    if after < len(found) and (found[after].kind == QUOTED or words[after] and words[after] not in _NO_ALIAS):
        after += 1
    if after < len(found) and words[after] not in _NEXT_CLAUSES:
        return ""
    return text[found[3].start : found[end - 1].end]


def _star_count(text: str, found: Sequence[Token]) -> int:
    return sum(text[token.start : token.end] == "*" for token in found)


def _end_of_name(text: str, found: Sequence[Token], start: int) -> int:
    """The place after `[schema.]name`, or `start` where none begins."""
    place = start
    while place < len(found) and found[place].kind in (WORD, QUOTED):
        is_dotted = place + 1 < len(found) and found[place + 1].kind == PUNCTUATION and text[found[place + 1].start] == "."
        if not is_dotted:
            return place + 1
        place += 2
    return start
