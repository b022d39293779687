"""What a partial index's predicate says about NULL, read from its deparsed text."""

from __future__ import annotations

import re
from collections.abc import Sequence


def is_implied(predicate: str, quoted_columns: Sequence[str]) -> bool:
    """Whether equality of all these columns implies the predicate: IS NOT NULL of some of them, under AND and OR.

    The rule is predicate_implied_by of PostgreSQL's optimizer, as far as it can matter for `column = $1`.
    """
    if not predicate:
        return True
    predicate = _without_parentheses(predicate)
    for word, combine in ((" OR ", any), (" AND ", all)):
        parts = _split(predicate, word)
        if len(parts) > 1:
            return combine(is_implied(part, quoted_columns) for part in parts)
    if predicate.startswith("NOT "):
        return _column_before(" IS NULL", _without_parentheses(predicate[4:])) in quoted_columns
    return _column_before(" IS NOT NULL", predicate) in quoted_columns


def _column_before(ending: str, text: str) -> str | None:
    return text.removesuffix(ending) if text.endswith(ending) else None


def _without_parentheses(text: str) -> str:
    text = text.strip()
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Where the parenthesis is closed that the text starts with."""
    return next((position for position, depth in _depths(text) if position and depth == 0), len(text))


def _split(text: str, word: str) -> list[str]:
    """The parts between a word that stands outside of parentheses and quotes."""
    depths = dict(_depths(text))
    cuts = [found.start() for found in re.finditer(re.escape(word), text) if depths.get(found.start()) == 0]
    starts = [0, *(cut + len(word) for cut in cuts)]
    return [text[start:end] for start, end in zip(starts, [*cuts, len(text)])]


def _depths(text: str) -> list[tuple[int, int]]:
    """Each position outside of quotes, and how many parentheses are open after it."""
    depth, quote, found = 0, "", []
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
            continue
        if character in "'\"":
            quote = character
            continue
        depth += (character == "(") - (character == ")")
        found.append((position, depth))
    return found
