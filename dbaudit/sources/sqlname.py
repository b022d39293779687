"""What a statement is called: by its author, by its first words, and in a fingerprint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from dbaudit.sources.sqllex import NUMBER, STRING, WORD, Token, fold

# `-- name: x`, `-- name: x :many` (sqlc), `-- name: x!` or `x<!` or `x(a, b)` (aiosql), `-- :name x :one` (pugsql).
_GIVEN = re.compile(
    r"(?:--|/\*)\s*+(?::name\s|name\s*+:)\s*+([^\W\d][\w.\-]*+)\s*+"
    r"(?:[\^$!<#]|\*(?!/)|:\w+|\([^()\r\n]*\)|\s)*(?:\*/|[\r\n]|$)",
    re.IGNORECASE,
)
# Words that may stand between CREATE and the type of what is created.
_ADJECTIVES = frozenset(
    "or replace unique temp temporary unlogged global local recursive trusted procedural constraint default".split()
)
_TWO_WORDS = frozenset(
    [
        "access method",
        "default privileges",
        "event trigger",
        "foreign data",
        "foreign table",
        "large object",
        "materialized view",
        "operator class",
        "operator family",
        "row security",
        "text search",
        "user mapping",
    ]
)
_LITERALS = frozenset([STRING, NUMBER])
_ON_OBJECTS = frozenset(["create", "alter", "drop", "refresh"])


def given(comment: str) -> str:
    """The name that a comment gives to the statement behind it, or empty."""
    found = _GIVEN.match(comment)
    return found.group(1) if found else ""


def identity(text: str, tokens: Iterable[Token], start: int, end: int) -> str:
    """16 hexadecimal digits that stay the same through other comments, white space, literals and letter case.

    `tokens` have no space and no comments. Where there are none, text[start:end] itself counts.
    """
    parts = [
        "?" if kind in _LITERALS else fold(text[begin:stop]) if kind == WORD else text[begin:stop]
        for kind, begin, stop in tokens
    ]
    normal = " ".join(parts) if parts else text[start:end]
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def command(text: str, tokens: Iterable[Token]) -> str:
    """What a statement does, by its first words in capitals: "SELECT", "CREATE TABLE", "DROP MATERIALIZED VIEW"."""
    words = _first_words(text, tokens)
    if not words or words[0] not in _ON_OBJECTS:
        return words[0].upper() if words else ""
    rest = words[1:]
    if " ".join(rest[:2]) not in _TWO_WORDS:
        while rest and rest[0] in _ADJECTIVES:
            del rest[0]
    length = 2 if " ".join(rest[:2]) in _TWO_WORDS else 1
    return " ".join([words[0], *rest[:length]]).upper()


def _first_words(text: str, tokens: Iterable[Token]) -> list[str]:
    words: list[str] = []
    for token in tokens:
        if token.kind == WORD:
            words.append(fold(text[token.start : token.end]))
            if len(words) == 8 or words[0] not in _ON_OBJECTS:
                break
        elif words or text[token.start : token.end] != "(":
            break
    return words
