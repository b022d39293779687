"""Sessions over time, as a terminal without colours shows them: a line for a look, and a chart of all looks."""

from __future__ import annotations

from textwrap import wrap

from dbaudit.facts import Facts
from dbaudit.facts.activity import Slots
from dbaudit.facts.sessions import SessionLook
from dbaudit.units import age

# What a session does, how it is drawn, and what it is called, at length and in short; from the bottom of the chart to its top.
_KINDS = (
    ("active", "█", "working", "working"),
    ("waiting", "▒", "waiting for a lock", "waiting"),
    ("in_transaction", "▓", "idle in transaction", "in transaction"),
    ("idle", "░", "idle", "idle"),
    ("masked", "?", "masked", "masked"),
)
_FREE = "·"
_HEIGHT = 8
_LABEL = 6
_FIGURES = 62
FEWEST_LOOKS = 4


def look_line(look: SessionLook, usable: int, width: int) -> str:
    """One look as a bar of the usable slots and its figures, in at most `width` columns."""
    counts = (f"{number} {short}" for name, _, _, short in _KINDS if (number := getattr(look, name)))
    figures = ", ".join(counts) or "nobody else"
    head = f"{look.at_s:.0f} s" if look.at_s < 60 else age(look.at_s * 1000)
    head = f"{head:>7} "
    length = min(40, max(10, width - _FIGURES))
    scale = max(usable, look.sessions, 1)
    cells = ((symbol, getattr(look, name)) for name, symbol, *_ in _KINDS)
    bar = "".join(symbol * max(1, round(number * length / scale)) for symbol, number in cells if number)[:length]
    line = f"{head}[{bar:{_FREE}<{length}}] {figures}"
    return line if len(line) <= width else f"{line[: width - 1]}…"


def lines(facts: Facts, width: int) -> list[str]:
    """The chart as plain text of at most `width` columns, its legend and the peaks; nothing where there are few looks."""
    looks = facts.get(SessionLook)
    if len(looks) < FEWEST_LOOKS:
        return []
    columns = _columns(looks, width - _LABEL - 2)
    top = max(1, *(look.sessions for look in looks))
    chart = [
        f"{label:>{_LABEL}} ┤" + "".join(_cell(look, level, top) for look in columns).rstrip()
        for level, label in ((level, _label(level, top)) for level in range(_HEIGHT, 0, -1))
    ]
    end = age(looks[-1].at_s * 1000)
    axis = f"{'0':>{_LABEL}} └" + "─" * len(columns)
    ends = " " * (_LABEL + 2) + "0 s" + end.rjust(max(len(columns) - 3, len(end) + 1))
    shown = [f"{symbol} {words}" for name, symbol, words, _ in _KINDS if any(getattr(look, name) for look in looks)]
    return [*chart, axis, ends, *wrap("  ".join(shown), width), *wrap(_peaks(facts, looks), width)]


def _columns(looks: tuple[SessionLook, ...], width: int) -> list[SessionLook]:
    """As many looks as there is room for: of those that share a column the one with the most in use."""
    if len(looks) <= width:
        return list(looks)
    columns: dict[int, SessionLook] = {}
    for index, look in enumerate(looks):
        column = index * width // len(looks)
        shown = columns.get(column, look)
        columns[column] = max(shown, look, key=lambda one: (one.in_use, one.sessions))
    return list(columns.values())


def _cell(look: SessionLook, level: int, top: int) -> str:
    """What a look has at this level of the chart. The lowest shows somebody in use wherever there is one."""
    height = 0.5 if level == 1 and look.in_use else (level - 0.5) * top / _HEIGHT
    reached = 0
    for name, symbol, *_ in _KINDS:
        reached += getattr(look, name)
        if reached >= height:
            return symbol
    return " "


def _label(level: int, top: int) -> str:
    return str(top) if level == _HEIGHT else ""


def _peaks(facts: Facts, looks: tuple[SessionLook, ...]) -> str:
    slots = next(iter(facts.get(Slots)), None)
    most = max(look.sessions for look in looks)
    of_all = f" ({100 * most // max(1, slots.usable)} % of the {slots.usable} usable slots)" if slots else ""
    others = [
        f"{peak} {words}"
        for name, _, words, _ in _KINDS
        if name != "masked" and (peak := max(getattr(look, name) for look in looks))
    ]
    return f"peaks of {len(looks)} looks: {most} sessions{of_all}; {', '.join(others) or 'nobody seen at work'}"
