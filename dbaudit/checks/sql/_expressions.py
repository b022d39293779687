"""Whether an expression in a statement is the one that an index is on, however the two are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbaudit.facts.catalog import Index

_TOKEN = r"""'(?:[^']|'')*'|(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)(\.(?=["\w]))?|\d[\w.]*|::|\S"""
_TYPED_LITERAL = r"(interval|date|timestamp|timestamptz|time)('(?:[^']|'')*')"
_TEXT_CAST = r"::(?:text|varchar|character varying|bpchar|regclass)(?![\w ])"
_ALONE = r"""(?<![\w"])\(((?:[\w$]+|"(?:[^"]|"")*"|'(?:[^']|'')*'))\)"""
_CAST_CALL = r"cast\(([^()]+) as ([^()]+)\)"
_TYPES = {"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
          "timestamptz": "timestamp with time zone", "float8": "double precision", "decimal": "numeric"}  # fmt: skip


def is_indexed(expression: str, indexes: tuple[Index, ...]) -> bool:
    """Whether the leading key of a btree or hash index is this expression."""
    wanted = canonical(expression)
    led = (index for index in indexes if index.method in ("btree", "hash") and index.key_columns[:1] == ("",))
    return any(canonical(_first(index.expressions)) == wanted for index in led)


def canonical(expression: str) -> str:
    """The expression without what the server adds when it prints one: brackets, casts to text, and the table's name."""
    text = re.sub(_CAST_CALL, r"\1::\2", re.sub(_TYPED_LITERAL, r"\2::\1", _spaced(expression)))
    before = ""
    while before != text:
        before = text
        text = _unwrapped(re.sub(_ALONE, r"\1", re.sub(_TEXT_CAST, "", text)))
    return re.sub(r"(?<=::)[\w ]+", lambda name: _TYPES.get(name.group().strip(), name.group().strip()), text)


def _spaced(expression: str) -> str:
    """In lower case but for literals and quoted names, without the names of tables, a space only between words."""
    parts: list[str] = []
    for token in (found.group() for found in re.finditer(_TOKEN, expression) if not found.group(1)):
        word = token if token[0] in "'\"" else token.lower()
        is_between_words = parts and parts[-1][-1:].isalnum() and word[0].isalnum()
        parts += [" ", word] if is_between_words else [word]
    return "".join(parts)


def _unwrapped(text: str) -> str:
    while text.startswith("(") and text.endswith(")") and _closes(text) == len(text) - 1:
        text = text[1:-1]
    return text


def _closes(text: str) -> int:
    depth = 0
    for place, character in enumerate(re.sub(r"'(?:[^']|'')*'", lambda found: "x" * len(found.group()), text)):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not depth:
            return place
    return -1


def _first(expressions: str) -> str:
    """The first of a list of expressions, which commas outside brackets and literals separate."""
    depth = 0
    for found in re.finditer(_TOKEN, expressions):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(found.group(), 0)
        if found.group() == "," and not depth:
            return expressions[: found.start()]
    return expressions
