"""Tokens and brackets of an expression as PostgreSQL deparses it. Linear, and without recursion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^']|'')*+(?:'|$))
  | (?P<cast>::)
  | (?P<name>"(?:[^"]|"")++(?:"|$) | [a-z_\u0080-\U0010ffff][\w$]*)
  | (?P<keyword>[A-Z]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<parameter>\$\d+)
  | (?P<open>[(\[])
  | (?P<close>[)\]])
  | (?P<dot>\.)
  | (?P<comma>,)
  | (?P<operator>[-+*/<>=~!@\#%^&|`?]+)
  | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_TYPE = re.compile(
    r"""(?P<type>
        double\ precision | character\ varying | bit\ varying
      | (?:timestamp|time) (?:\(\d\))? \ with(?:out)?\ time\ zone
      | (?:"(?:[^"]|"")+"|[\w$]+) (?:\.(?:"(?:[^"]|"")+"|[\w$]+))?
    ) (?P<modifier>\s?\(\d+(?:,-?\d+)?\))? (?P<array>(?:\[\d*\])*)""",
    re.VERBOSE,
)
_CONSTANTS = ("true", "false")


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is as deparsed; of a type without its modifier. `start` and `end` are places in the source."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def unquoted(self) -> str:
        if self.text.startswith('"'):
            return self.text[1:-1].replace('""', '"')
        if self.text.startswith("'"):
            return self.text[1:-1].replace("''", "'")
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """What stands between two brackets, which are at `start` and before `end`."""

    items: list[Token | Group]
    start: int
    end: int


Item = Token | Group


def parse(source: str) -> Group:
    """The items of an expression. A bracket that is never closed ends with the source."""
    stack: list[list[Item]] = [[]]
    starts = [0]
    place = 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        kind, text, place = match.lastgroup, match.group(), match.end()
        if kind == "open":
            stack.append([])
            starts.append(match.start())
        elif kind == "close" and len(stack) > 1:
            items = stack.pop()
            stack[-1].append(Group(items, starts.pop(), place))
        elif kind == "cast" and (named := _TYPE.match(source, place)):
            place = named.end()
            stack[-1].append(Token("type", named["type"] + named["array"], match.start(), place))
        elif kind == "name" and (text in _CONSTANTS or source.endswith("EXTRACT(", 0, match.start())):
            stack[-1].append(Token("number", text, match.start(), place))
        elif kind != "space":
            stack[-1].append(Token(kind, text, match.start(), place))
    while len(stack) > 1:
        items = stack.pop()
        stack[-1].append(Group(items, starts.pop(), len(source)))
    return Group(stack[0], 0, len(source))


def text_of(source: str, items: Sequence[Item], *, without_alias: bool = False) -> str:
    """The source text of these items; on request without the aliases before column names."""
    if not items:
        return ""
    start, end = items[0].start, items[-1].end
    if not without_alias:
        return source[start:end]
    kept, place = [], start
    for alias_start, alias_end in _aliases(items):
        kept.append(source[place:alias_start])
        place = alias_end
    return "".join(kept) + source[place:end]


def _aliases(items: Sequence[Item]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    stack = [items]
    while stack:
        run = stack.pop()
        for place, item in enumerate(run):
            if isinstance(item, Group):
                stack.append(item.items)
            elif item.kind == "dot" and 0 < place < len(run) - 1 and not _names_a_call(run, place):
                found.append((run[place - 1].start, item.end))
    return sorted(found)


def _names_a_call(run: Sequence[Item], dot: int) -> bool:
    return dot + 2 < len(run) and isinstance(run[dot + 2], Group)
