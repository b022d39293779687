"""Figures in a check's sentences."""

from __future__ import annotations


def size(size_bytes: float) -> str:
    """A size in the units of pg_size_pretty: `8192 bytes`, `21 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(size_bytes) < 10 * 1024:
            return f"{size_bytes:.0f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.0f} TB"


def count(number: float, singular: str, plural: str = "") -> str:
    """A number with its noun: `1 row`, `12,000 rows`."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,.0f} {noun}"


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """Names in a sentence, the first few of them: `a, b and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
