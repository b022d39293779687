"""What a fix's statement makes, by its first words."""

from __future__ import annotations


def makes_index(text: str) -> bool:
    """Whether this is CREATE INDEX or CREATE UNIQUE INDEX."""
    words = text.upper().split(None, 3)
    return words[:2] == ["CREATE", "INDEX"] or words[:3] == ["CREATE", "UNIQUE", "INDEX"]
