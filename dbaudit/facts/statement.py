"""SQL statements as they stand in a file, and what became of each when it was explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dbaudit.finding import Span

if TYPE_CHECKING:
    from dbaudit.facts.plan import Plan


class Kind(StrEnum):
    """What a piece of a file is. Only SQL is ever sent to a server."""

    SQL = "SQL"
    META_COMMAND = "psql meta-command"
    COPY_DATA = "COPY data"


# The name of the variant without values.
GENERIC_PLAN = "generic plan"

_LINE_BREAK = re.compile(r"\r\n?|\n")
_TOKEN = re.compile(r'[^\W\d][\w$]*|\d[\w.]*|"(?:[^"\r\n]|"")*"|\'(?:[^\'\r\n]|\'\')*\'|[~!@#^&|`?+\-*/%<>=]+|.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """text[start:end] of a statement is `text` in what is sent."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """Values for a statement's parameters by their names, as PostgreSQL reads them; None is NULL. They are personal
    data, and never part of a representation."""

    name: str
    values: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a file: its exact text without the closing semicolon, and where it stands.

    `text` starts with its first token: comments before it are not part of it. `name` is what `-- name:` gave it, or
    empty. `identity` names it in a fingerprint: the given name, or a hash of the text without comments, white space and
    literals, so that it survives a renamed file and a moved line. `command` is what it begins with, in capitals:
    "SELECT", "WITH", "CREATE TABLE".

    `parameters` are the names of $1, $2 and so on; one without a name is called by its number. `edits`, in the order of
    the text, make its placeholders $n. Where `is_ambiguous`, PostgreSQL may read the text as it is written, without
    them. `reason_not_sql` says why it is no SQL yet, as a template is not. `value_sets` are what its file gives.
    """

    name: str
    text: str
    span: Span
    identity: str
    kind: Kind = Kind.SQL
    command: str = ""
    parameters: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    is_ambiguous: bool = False
    reason_not_sql: str = ""
    value_sets: tuple[ValueSet, ...] = ()

    @property
    def sent(self) -> str:
        """The text with its placeholders as PostgreSQL writes them."""
        parts, end = [], 0
        for edit in self.edits:
            parts += [self.text[end : edit.start], edit.text]
            end = edit.end
        return "".join(parts) + self.text[end:] if parts else self.text

    @property
    def label(self) -> str:
        """What a reader calls it: its name, or file:line."""
        return self.name or f"{self.span.path}:{self.span.line}"

    def place(self, position: int) -> Span:
        """The file's place of the token at a position in what is sent, counted from 1 as PostgreSQL counts.

        A position past the text is the place just after it.
        """
        offset = max(position, 1) - 1
        for edit in self.edits:
            if offset < edit.start:
                break
            if offset < edit.start + len(edit.text):
                return self.extent(edit.start, edit.end)
            offset += edit.end - edit.start - len(edit.text)
        start = min(offset, len(self.text))
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
class Alternative:
    """The plan that the planner makes with one of its settings changed, as in "enable_seqscan = off"; never run."""

    setting: str
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a statement: its times in milliseconds, and the blocks it found in shared_buffers (hit) and those that
    had to be read into it, be it from disk or from the system's cache.

    `is_cold` says whether that reading is what sets a first run apart from the later ones; None where it is the only run
    and read something, so that nobody can tell.
    """

    execution_ms: float
    planning_ms: float | None
    hit_blocks: int
    read_blocks: int
    is_cold: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A statement with one set of values: `name` says which, GENERIC_PLAN that there are none.

    `values` are there only where they may be shown, by the names of the parameters. The rest is as in Explained.
    """

    name: str
    how: How
    reason: str = ""
    plan: Plan | None = None
    limit_ms: int | None = None
    values: Mapping[str, str | None] | None = None
    alternatives: tuple[Alternative, ...] = ()
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A statement and what EXPLAIN said.

    ANALYZED: it was run, and the plan has actual figures. PLANNED: it was planned and not run; `reason` says why.
    NOT_RUN: nothing was learnt about it; `reason` says why. REJECTED: the server does not accept it; `refusal` says
    why. TIMED_OUT: it was run and cancelled after `limit_ms` milliseconds; `plan` is the estimated one.

    `variants` are what came of each set of values for the parameters; the plan is that of the slowest of them.
    `alternatives` are for the same values as the plan: only where they can tell why an index was not taken.

    `runs` are all runs of that plan, in order. It is the plan of the median one, a cold first run left out, and the
    quicker of two in the middle; its planning time is the median of the later runs, which find the catalogs in memory.
    """

    statement: Statement
    how: How
    reason: str = ""
    refusal: Refusal | None = None
    plan: Plan | None = None
    limit_ms: int | None = None
    variants: tuple[Variant, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    runs: tuple[Run, ...] = ()
