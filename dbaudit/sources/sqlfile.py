"""Files to statements."""

from __future__ import annotations

from dbaudit.facts.statement import Statement


def split(text: str, path: str) -> tuple[Statement, ...]:
    """The statements of a text, in order."""
    raise NotImplementedError
