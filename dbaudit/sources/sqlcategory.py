"""What a statement is for, by its first words."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import Category
from dbaudit.sources.sqllex import PUNCTUATION, WORD, Token

DML = frozenset(["INSERT", "UPDATE", "DELETE", "MERGE"])
QUERY = frozenset(["SELECT", "VALUES", "TABLE"])
_DDL = ("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "TRUNCATE", "REINDEX", "SECURITY", "IMPORT")


def is_definition(command: str) -> bool:
    """Whether a statement that begins with this defines something."""
    return command.startswith(_DDL)


def category_of(statement: Statement, found: Sequence[Token]) -> Category:
    """What a statement is for; `found` are its tokens without space and comments."""
    command = statement.command
    if command in QUERY:
        return Category.SELECT
    if command in DML:
        return Category.DML
    if is_definition(command):
        return Category.DDL
    return _category_of_with(statement.text, found) if command == "WITH" else Category.OTHER


def _category_of_with(text: str, found: Sequence[Token]) -> Category:
    depth = 0
    for token in found:
        if token.kind == PUNCTUATION:
            depth += {"(": 1, ")": -1}.get(text[token.start], 0)
        elif token.kind == WORD and not depth:
            word = text[token.start : token.end].upper()
            if word in DML:
                return Category.DML
            if word in QUERY:
                return Category.SELECT
    return Category.SELECT
