"""SQL statements as they stand in a file, and what became of each when it was explained."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbaudit.facts.plan import Plan
from dbaudit.finding import Span


class Kind(StrEnum):
    """What a piece of a file is. Only SQL is ever sent to a server."""

    SQL = "SQL"
    META_COMMAND = "psql meta-command"
    COPY_DATA = "COPY data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a file: its exact text without the closing semicolon, and where it stands.

    `name` is what `-- name:` gave it, or empty. `identity` names it in a fingerprint: the given name, or a hash of the
    text without comments, white space and literals, so that it survives a renamed file and a moved line.
    """

    name: str
    text: str
    span: Span
    identity: str
    kind: Kind = Kind.SQL

    @property
    def label(self) -> str:
        """What a reader calls it: its name, or file:line."""
        return self.name or f"{self.span.path}:{self.span.line}"


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
