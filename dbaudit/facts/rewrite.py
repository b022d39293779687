"""Statements written another way, so that they return the same rows: what a fix can propose and a server can plan."""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import Sight
from dbaudit.finding import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """A whole statement in place of another, by edits of its own text.

    It returns the same rows whatever the tables hold: the text and the catalogs say so. `identity` is that of the
    statement it replaces, `statement` what it would be; `sight` and `span` say what it does away with. `column` is the
    one that it sets free, for a condition on a column. `remark` says what the application does otherwise, and where two
    pages are not one answer; empty where nothing changes for it.
    """

    identity: str
    sight: Sight
    span: Span
    statement: Statement
    column: str = ""
    remark: str = ""
