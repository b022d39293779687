"""Figures as a person reads them, and text as a terminal may show it."""

from __future__ import annotations

import re

# Control characters move the cursor and colour the screen; bidirectional controls reorder what is read.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    """Somebody's text on one line, with control and bidirectional characters shown as escapes."""
    return _UNSAFE.sub(_escape, re.sub(r"[\t\r\n]+", " ", text))


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def folded(name: str, width: int) -> str:
    """A name in lines of at most `width` characters, broken after a dot, an underscore, a slash or a hyphen."""
    lines = [""]
    for piece in re.findall(r"[^._/-]*[._/-]|[^._/-]+", name):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)


def milliseconds(value: float) -> str:
    """A duration, given in milliseconds: `0.04 ms`, `3.1 ms`, `812 ms`, `3.2 s`, `4 min`, `2 h`, `9 days`."""
    seconds = value / 1000
    if value < 1:
        return f"{value:.2f} ms"
    if value < 10:
        return f"{value:.1f} ms"
    if seconds < 1:
        return f"{value:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def size(value: float) -> str:
    """A size, given in bytes, in the units of pg_size_pretty: `8192 bytes`, `21 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(value) < 10 * 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.0f} TB"


def count(value: float, singular: str, plural: str = "") -> str:
    """A number with its noun: `1 row`, `12,000 rows`."""
    noun = singular if value == 1 else plural or f"{singular}s"
    return f"{value:,.0f} {noun}"
