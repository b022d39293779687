"""SQL statements as they stand in a file, and what became of each when it was explained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from dbaudit.facts.plan import Plan
from dbaudit.finding import Span


class Kind(StrEnum):
    """What a piece of a file is. Only SQL is ever sent to a server."""

    SQL = "SQL"
    META_COMMAND = "psql meta-command"
    COPY_DATA = "COPY data"


_LINE_BREAK = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(r'[^\W\d][\w$]*|\d[\w.]*|"(?:[^"\r\n]|"")*"|\'(?:[^\'\r\n]|\'\')*\'|[~!@#^&|`?+\-*/%<>=]+|.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a file: its exact text without the closing semicolon, and where it stands.

    `text` starts with its first token: comments before it are not part of it. `name` is what `-- name:` gave it, or
    empty. `identity` names it in a fingerprint: the given name, or a hash of the text without comments, white space and
    literals, so that it survives a renamed file and a moved line. `command` is what it begins with, in capitals:
    "SELECT", "WITH", "CREATE TABLE".
    """

    name: str
    text: str
    span: Span
    identity: str
    kind: Kind = Kind.SQL
    command: str = ""

    @property
    def label(self) -> str:
        """What a reader calls it: its name, or file:line."""
        return self.name or f"{self.span.path}:{self.span.line}"

    def place(self, position: int) -> Span:
        """The file's place of the token at a position in the text, counted from 1 as PostgreSQL counts.

        A position past the text is the place just after it.
        """
        start = min(max(position, 1) - 1, len(self.text))
        token = _TOKEN.match(self.text, start)
        return self.extent(start, token.end() if token else start)

    def extent(self, start: int, end: int) -> Span:
        """The file's place of text[start:end]."""
        line, column = self._line_and_column(start)
        end_line, end_column = self._line_and_column(end)
        return Span(path=self.span.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        breaks = [found.end() for found in _LINE_BREAK.finditer(self.text, 0, offset)]
        if not breaks:
            return self.span.line, self.span.column + offset
        return self.span.line + len(breaks), offset - breaks[-1] + 1


class How(StrEnum):
    """How far a statement got."""

    ANALYZED = "analyzed"
    PLANNED = "planned"
    NOT_RUN = "not run"
    REJECTED = "rejected"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The server's own error: SQLSTATE, primary message, hint, and the place in the file it points at."""

    sqlstate: str
    message: str
    hint: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A statement and what EXPLAIN said.

    ANALYZED: it was run, and the plan has actual figures. PLANNED: it was planned and not run; `reason` says why.
    NOT_RUN: nothing was learnt about it; `reason` says why. REJECTED: the server does not accept it; `refusal` says
    why. TIMED_OUT: it was run and cancelled after `limit_ms` milliseconds; `plan` is the estimated one.
    """

    statement: Statement
    how: How
    reason: str = ""
    refusal: Refusal | None = None
    plan: Plan | None = None
    limit_ms: int | None = None
