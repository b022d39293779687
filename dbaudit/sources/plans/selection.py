"""Which entries of a log are kept: all of a small one, of a large one the slowest of each statement and plan."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbaudit.sources.plans.logged import Entry

# A person reads far fewer. What becomes of a plan takes some twenty times the memory of its text.
MOST_PLANS = 1000
MOST_CHARACTERS = 16 << 20

_VALUES = re.compile(r"'[^']*'|\b[0-9][0-9.]*")


def selected(entries: Iterable[Entry]) -> tuple[list[Entry], int]:
    """The entries that are kept, in the order of the log, and how many are not.

    Where there are more than MOST_PLANS, or their text is longer than MOST_CHARACTERS, of those that differ only in
    their values and figures the slowest is kept, and of these the slowest ones. No more than twice as much is held.
    """
    kept: list[Entry] = []
    count = size = 0
    for entry in entries:
        count += 1
        size += len(entry.text)
        kept.append(entry)
        if _is_too_much(len(kept) / 2, size / 2):
            kept = _slowest(kept)
            size = sum(len(each.text) for each in kept)
    if count > len(kept) or _is_too_much(len(kept), size):
        kept = _slowest(kept)
    return kept, count - len(kept)


def _is_too_much(count: float, size: float) -> bool:
    return count > 1 and (count > MOST_PLANS or size > MOST_CHARACTERS)


def _slowest(entries: list[Entry]) -> list[Entry]:
    of_kind: dict[int, Entry] = {}
    for entry in entries:
        kind = hash(_VALUES.sub("", entry.text))
        if kind not in of_kind or of_kind[kind].duration_ms < entry.duration_ms:
            of_kind[kind] = entry
    kept: list[Entry] = []
    size = 0
    for entry in sorted(of_kind.values(), key=lambda entry: -entry.duration_ms):
        size += len(entry.text)
        if _is_too_much(len(kept) + 1, size):
            break
        kept.append(entry)
    return sorted(kept, key=lambda entry: entry.line)
