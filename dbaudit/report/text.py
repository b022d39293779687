"""Text as a terminal may show it."""

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
