"""Everything that is not the payload: one line on stderr, without anybody's escapes."""

from __future__ import annotations

import sys

from dbaudit.report.text import clean


def say(message: str) -> None:
    """Prints `dbaudit: message` on stderr, on one line. A stderr that is gone is no reason to fail."""
    try:
        print(f"dbaudit: {clean(message)}", file=sys.stderr, flush=True)
    except OSError:
        pass
