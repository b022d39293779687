"""Files that define or change a schema: what of them is to be run, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from dbaudit.facts.snapshot import SchemaObject
from dbaudit.facts.statement import Kind, Statement
from dbaudit.sources import sqlfile
from dbaudit.sources.paths import expanded
from dbaudit.sources.sqllex import COMMENT, QUOTED, SPACE, WORD, fold, tokens

# What defines a schema begins so, or steers where what follows ends up.
_RUN = frozenset(["CREATE", "ALTER", "DROP", "SET", "RESET", "DO"])
_OWNERSHIP = re.compile(r"\bowner\s+to\b", re.IGNORECASE)
# Where the way back begins in files of goose, dbmate, sql-migrate and node-pg-migrate.
_DOWN = re.compile(r"^--\s*(?:\+goose\s+down|migrate:down|\+migrate\s+down|down\s+migration)\b", re.IGNORECASE | re.MULTILINE)
# golang-migrate, sqlx, Flyway's undo.
_UNDO = re.compile(r"(?:\.down|_down|\.undo)\.sql$|^U[\d._]+__.*\.sql$", re.IGNORECASE)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The statements of files of a schema, in order, and how many others were passed over: data, rights, comments.

    `tables` are the bare names of the tables that they create, folded as PostgreSQL folds them.
    """

    statements: tuple[SchemaObject, ...]
    passed_over: int
    tables: frozenset[str]


def read(paths: Iterable[str]) -> Changes:
    """The changes of these files; of a directory, of all *.sql files below it, numbers in their names by their value.

    Ways back (down migrations) are left out. Raises AuditError where a file cannot be read or is no text.
    """
    found: list[Statement] = []
    for path in paths:
        files = expanded([path], suffixes=(".sql",))
        forward = [file for file in files if file == path or not _UNDO.search(PurePath(file).name)]
        for file in sorted(forward, key=_natural) if len(files) > 1 else forward:
            found += sqlfile.split(_way_forward(sqlfile.decode(sqlfile.content(file), file)), file)
    wanted = [statement for statement in found if _is_run(statement)]
    return Changes(
        statements=tuple(
            SchemaObject(kind="statement", name=f"{each.span.path}:{each.span.line}", sql=each.text) for each in wanted
        ),
        passed_over=len(found) - len(wanted),
        tables=frozenset(name for each in wanted if (name := _created_table(each))),
    )


def _natural(path: str) -> list[tuple[int, int | str]]:
    """Flyway's repeatable files come last."""
    name = PurePath(path).name
    parts = _DIGITS.split(path)
    return [(int(name.startswith("R__")), ""), *((0, int(part)) if part.isdecimal() else (1, part) for part in parts)]


def _way_forward(text: str) -> str:
    found = _DOWN.search(text)
    return text[: found.start()] if found else text


def _is_run(statement: Statement) -> bool:
    first = statement.command.partition(" ")[0]
    return statement.kind is Kind.SQL and first in _RUN and not _OWNERSHIP.search(statement.text)


def _created_table(statement: Statement) -> str:
    """The bare name in CREATE TABLE [IF NOT EXISTS] [schema.]name, or empty."""
    if statement.command != "CREATE TABLE":
        return ""
    text = statement.text
    pieces = [token for token in tokens(text) if token.kind not in (SPACE, COMMENT)]
    place = next((n for n, token in enumerate(pieces) if text[token.start : token.end].lower() == "table"), len(pieces)) + 1
    words = [text[token.start : token.end] for token in pieces[place : place + 6]]
    if [word.lower() for word in words[:3]] == ["if", "not", "exists"]:
        place, words = place + 3, words[3:]
    if words[1:2] == ["."]:
        place += 2
    if place >= len(pieces):
        return ""
    name = pieces[place]
    written = text[name.start : name.end]
    if name.kind == QUOTED:
        return written[1:-1].replace('""', '"')
    return fold(written) if name.kind == WORD else ""
