"""What the text of a statement says, without a server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbaudit.facts.statement import Statement
from dbaudit.finding import Span


class Category(StrEnum):
    """What a statement is for."""

    SELECT = "select"
    DML = "data modification"
    DDL = "definition"
    OTHER = "utility"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectStar:
    """`*` or `t.*` in a SELECT or RETURNING list, as it is written, and the relations it takes all columns of."""

    text: str
    span: Span
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementText:
    """A statement and what was read in it.

    Where `is_read` is false nothing is known about it, and `reason` says why. `select_stars` are in the order of the
    text, without those that only reach what the statement itself names column by column, and those under EXISTS.
    """

    statement: Statement
    category: Category
    is_read: bool
    reason: str = ""
    select_stars: tuple[SelectStar, ...] = ()
