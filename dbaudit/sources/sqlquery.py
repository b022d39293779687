"""What a query is: its clauses, its sources and its WITH queries, all by the places of their pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dbaudit.sources.sqlpieces import NotRead, Pieces

Range = tuple[int, int]


class Role(StrEnum):
    """What a query is in the statement around it."""

    TOP = "statement"
    EXISTS = "EXISTS"
    IN = "IN"
    FROM = "FROM"
    CTE = "WITH"
    BRANCH = "branch"
    INSERT = "INSERT"
    VALUE = "value"


@dataclass(slots=True, kw_only=True)
class Source:
    """What a query reads from. `kind` is "relation", "query" or "function"; `name` is as it is written."""

    kind: str
    name: str
    alias: str
    start: int
    end: int
    is_lateral: bool = False
    item: int = 0


@dataclass(slots=True, kw_only=True)
class Cte:
    """A WITH query: its name, where that stands, the bracket that opens its body, whether it is under RECURSIVE."""

    name: str
    place: int
    opens: int
    is_recursive: bool
    is_query: bool


@dataclass(slots=True, kw_only=True)
class Query:
    """One query. `clauses` holds where the text of a clause stands behind its keyword; `keywords` where that stands.

    `verb` is "select", "insert", "update", "delete", "merge", "values", "table", or "union" for any set operation.
    `joins` are the conditions of its joins; `parent` is the query right around it.
    """

    verb: str
    role: Role
    start: int
    end: int
    clauses: dict[str, Range] = field(default_factory=dict)
    keywords: dict[str, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    joins: list[Range] = field(default_factory=list)
    ctes: list[Cte] = field(default_factory=list)
    branches: list[Range] = field(default_factory=list)
    is_distinct_union: bool = False
    is_recursive: bool = False
    parent: Query | None = None


QUERY_WORDS = frozenset(["select", "with", "values", "table"])
_SET_OPERATIONS = frozenset(["union", "intersect", "except"])


def is_query(pieces: Pieces, start: int, end: int) -> bool:
    """Whether a query that only reads stands in a range."""
    if start >= end:
        return False
    first = pieces.words[start]
    return first in QUERY_WORDS or first == "(" and bool(set_operations(pieces, start, end))


def set_operations(pieces: Pieces, start: int, end: int) -> list[int]:
    """Where UNION, INTERSECT and EXCEPT stand in a range, outside brackets."""
    words = pieces.words
    return [place for place in pieces.level(start, end) if words[place] in _SET_OPERATIONS and is_keyword(pieces, place)]


def is_keyword(pieces: Pieces, place: int) -> bool:
    """Whether a word stands where it is no column's name or label."""
    return place == 0 or pieces.words[place - 1] not in (".", "as")


def names_of(pieces: Pieces, place: int) -> tuple[str, ...]:
    """The names in `schema.name`, which begins at a place. Raises NotRead where none begins."""
    return tuple(pieces.name(each) for each in range(place, after_name(pieces, place), 2))


def after_name(pieces: Pieces, place: int) -> int:
    """The place behind `schema.name`. Raises NotRead where none begins."""
    while pieces.is_name(place):
        if place + 1 >= len(pieces) or pieces.words[place + 1] != ".":
            return place + 1
        place += 2
    raise NotRead("the name of a relation is not understood")
