"""Names in a check's sentences."""

from __future__ import annotations


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """Names in a sentence, the first few of them: `a, b and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
