"""Figures as a person reads them: in the sentences of checks, in reports and on the screen."""

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


def milliseconds(value: float) -> str:
    """How long something took, with as many digits as mean something: `0.04 ms`, `3.1 ms`, `812 ms`, `3.2 s`, `41 s`."""
    if value < 1:
        return f"{value:.2f} ms"
    if value < 10:
        return f"{value:.1f} ms"
    if value < 1000:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 10_000 else f"{value / 1000:,.0f} s"


def age(age_ms: float) -> str:
    """For how long something has been so, in its largest sensible unit, rounded down: `41 s`, `17 min`, `5 h`, `3 days`."""
    for unit, unit_ms in (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if age_ms >= (2 if unit in ("days", "h") else 1) * unit_ms:
            return f"{int(age_ms // unit_ms)} {unit}"
    return f"{int(age_ms)} ms"
