"""Numbers in texts. Nothing that counts connections has more than nine digits."""

from __future__ import annotations

import math
import re

_WHOLE = re.compile(r"\s*(-?[0-9]{1,9})\s*")


def whole(text: str | None) -> int | None:
    """The whole number that a text is, or None."""
    match = _WHOLE.fullmatch(text or "")
    return int(match[1]) if match else None


def count(text: str | None) -> int | None:
    """The whole number that a text is, where it is no less than 0, or None."""
    number = whole(text)
    return None if number is None or number < 0 else number


def share(text: str, of: int) -> int | None:
    """A percentage of a number, rounded up, or None for what is no percentage."""
    percent = count(text.removesuffix("%")) if text.endswith("%") else None
    return None if percent is None else math.ceil(of * percent / 100)
