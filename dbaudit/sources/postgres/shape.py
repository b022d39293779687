"""What kind of statement a text is, as far as that decides what may be sent. The server has the last word."""

from __future__ import annotations

from collections.abc import Iterator

from dbaudit.sources import sqllex

# What PREPARE takes.
PLANNABLE = frozenset({"select", "values", "table", "with", "insert", "update", "delete", "merge"})


def first_word(text: str) -> str:
    """The keyword a statement begins with, in lower case; parentheses and comments before it do not count."""
    return next((word for word in _words_and_marks(text) if word != "("), "")


def may_select_into(text: str) -> bool:
    """Whether this may be SELECT INTO: even a plain EXPLAIN of one makes the session's temporary schema."""
    if "into" not in text.lower():
        return False
    depth, before, main = 0, "", first_word(text)
    seen_into = False
    for word in _words_and_marks(text):
        depth += (word == "(") - (word == ")")
        if main == "with" and depth == 0 and before == ")" and word in PLANNABLE:
            main = word
        seen_into = seen_into or word == "into"
        before = word
    return seen_into and main not in ("insert", "merge")


def _words_and_marks(text: str) -> Iterator[str]:
    for kind, start, end in sqllex.tokens(text):
        if kind in (sqllex.WORD, sqllex.PUNCTUATION):
            yield text[start:end].lower()
