"""What a rewrite is before it is a statement: the edits of the text, and what they do away with."""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.facts.statement import Edit
from dbaudit.facts.statement_text import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`start` and `end` are the places of the pieces that the sighting of the same kind has; the rest is as in Rewrite."""

    sight: Sight
    start: int
    end: int
    edits: tuple[Edit, ...]
    column: str = ""
    remark: str = ""
