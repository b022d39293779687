"""What the readers of plans hand on: a line of a file, and a plan that was found in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from dbaudit.errors import AuditError


class Line(NamedTuple):
    """A line as it is read, without what frames it, and its number in the file, from 1."""

    number: int
    text: str


def drained(lines: list[Line]) -> Iterator[Line]:
    """The lines one after the other; the list lets go of each, so that a plan does not take its text's memory too."""
    lines.reverse()
    while lines:
        yield lines.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`raw` is an object as EXPLAIN (FORMAT JSON) prints it; `line` and `end_line` are where it stands.

    `statement` is the text of the statement and `duration_ms` how long it ran, where the file says so.
    """

    raw: dict[str, Any]
    line: int
    end_line: int
    statement: str = ""
    duration_ms: float | None = None


def unreadable(path: str, line: int, reason: str) -> AuditError:
    """The error of a file that holds something else than a whole plan."""
    return AuditError(f"{path}:{line}: {reason}", "give EXPLAIN's whole output, best of EXPLAIN (FORMAT JSON)")
