"""Plans in EXPLAIN's text format: a tree by indentation, as explain.c prints it.

The arrow of a node stands where the properties of its parent stand; a SubPlan, InitPlan or CTE has a line with its name
there, and its arrow two columns further on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from dbaudit.sources.plans import heads, properties, trailer
from dbaudit.sources.plans.found import Found, Line, unreadable
from dbaudit.sources.plans.wrapped import Rest

_PROPERTY = re.compile(r"([A-Z][\w/()-]*(?: [\w/()-]+){0,6}): ?(.*)", re.DOTALL)
_WORKER = re.compile(r"Worker (\d{1,9}): *(.*)")
_NAMED = ("CTE ", "InitPlan ", "SubPlan ")
_SUBPLAN = re.compile(r"(?:CTE|InitPlan|SubPlan) .+")
_TARGET = re.compile(r"(?:Foreign )?(?:Insert|Update|Delete|Merge) on .+")
_MEMBERS = {"Append": "Member", "Merge Append": "Member", "BitmapAnd": "Member", "BitmapOr": "Member",
            "Subquery Scan": "Subquery", "Custom Scan": "child"}  # fmt: skip


def read(lines: Iterable[Line], path: str, *, is_certain: bool = False) -> Iterator[Found]:
    """The plans among these lines; what is neither a plan nor a part of one is passed over.

    A line that is only the name of a node is a plan where `is_certain`: where the lines can be nothing else.
    Raises AuditError, with the line, for a plan that is broken.
    """
    tree: _Tree | None = None
    for line in lines:
        if tree and tree.takes(line):
            continue
        if tree:
            yield from tree.found(is_certain=is_certain)
        tree = _begun(line, path)
    if tree:
        yield from tree.found(is_certain=is_certain)


def _begun(line: Line, path: str) -> _Tree | None:
    text = line.text.strip()
    if text.startswith("->"):
        raise unreadable(path, line.number, "is a node without the plan that it belongs to")
    raw = heads.node(text)
    if heads.is_broken(text, raw):
        raise unreadable(path, line.number, "is the head of a node, and not whole")
    return None if raw is None else _Tree(raw, line, path)


def column_of(text: str) -> int:
    """The column, from 0, in which a line begins."""
    return len(text) - len(text.lstrip())


class _Tree:
    """One plan, as far as it has been read."""

    def __init__(self, raw: dict[str, Any], line: Line, path: str) -> None:
        self._path = path
        self._first = self._last = line.number
        self._base = column_of(line.text)
        self._root = raw
        self._nodes = [raw]
        # Each open node with the column of its properties; the outermost first.
        self._stack: list[tuple[int, dict[str, Any]]] = [(self._base + 2, raw)]
        self._worker: dict[str, Any] | None = None
        self._name: tuple[int, str] | None = None
        self._rest = Rest()
        self._around: dict[str, Any] = {}
        self._trailer: str = ""

    def takes(self, line: Line) -> bool:
        """Takes the line if it is part of the plan."""
        if self._rest.goes_on_in_literal:
            self._rest.add("\n" + line.text[min(self._base, column_of(line.text)) :])
            self._last = line.number
            return True
        text = line.text.strip()
        if not text:
            return False
        column = column_of(line.text)
        if self._last == self._first and column in (self._base + 1, self._base + 3):
            # The space that psql puts before the first line is the one that is easily lost when it is copied.
            self._base += 1
            self._stack = [(self._base + 2, self._root)]
        if column <= self._base:
            is_taken = self._takes_trailer(text)
        elif self._trailer and not text.startswith("->"):
            trailer.add(self._around, self._trailer, text)
            is_taken = True
        elif text.startswith("->"):
            self._takes_node(column, text[2:].lstrip(), line.number)
            is_taken = True
        else:
            is_taken = self._takes_property(column, text, line.number)
        if not is_taken and self._rest.goes_on_in_brackets:
            self._rest.add(" " + text)
            is_taken = True
        if is_taken:
            self._last = line.number
        elif column > self._base + 1:
            # No line of a plan stands there; the rows of a result that psql prints behind a log message do.
            raise unreadable(self._path, line.number, f"is not understood: {text[:60]!r}")
        return is_taken

    def found(self, *, is_certain: bool) -> Iterator[Found]:
        """The plan, completed; none where the lines only happen to look like one."""
        if self._rest.goes_on_in_literal:
            raise unreadable(self._path, self._last, "the file ends within a literal of the plan")
        self._rest.close()
        if self._name:
            raise unreadable(self._path, self._last, f"{self._name[1][:60]!r} has no plan below it")
        if not (is_certain or heads.has_figures(self._root) or self._last > self._first):
            return
        properties.complete(self._root, self._nodes)
        yield Found(raw={"Plan": self._root, **self._around}, line=self._first, end_line=self._last)

    def _takes_trailer(self, text: str) -> bool:
        key = trailer.begun(self._around, text)
        if not key:
            return False
        self._rest.close()
        self._trailer = key
        return True

    def _takes_node(self, column: int, text: str, number: int) -> None:
        self._rest.close()
        raw = heads.node(text)
        if raw is None or heads.is_broken(text, raw) or self._trailer:
            raise unreadable(self._path, number, f"is no node of a plan: {text[:60]!r}")
        while len(self._stack) > 1 and self._stack[-1][0] > column:
            self._stack.pop()
        at, parent = self._stack[-1]
        if column != (at + 2 if self._name else at) or (self._name and self._name[0] != at):
            raise unreadable(self._path, number, "is indented like a child of no node above it")
        if self._name:
            name = self._name[1]
            raw["Parent Relationship"] = "SubPlan" if name.startswith("SubPlan") else "InitPlan"
            raw["Subplan Name"] = name
        else:
            raw["Parent Relationship"] = _relationship(parent)
        parent.setdefault("Plans", []).append(raw)
        self._stack.append((column + 6, raw))
        self._nodes.append(raw)
        self._name = self._worker = None

    def _takes_property(self, column: int, text: str, number: int) -> bool:
        while len(self._stack) > 1 and self._stack[-1][0] > column:
            self._stack.pop()
        at, raw = self._stack[-1]
        if column == at and text.startswith(_NAMED) and _SUBPLAN.fullmatch(text):
            if self._name:
                raise unreadable(self._path, number, f"{self._name[1][:60]!r} has no plan below it")
            self._rest.close()
            self._name = (column, text)
            return True
        if raw["Node Type"] == "ModifyTable" and _TARGET.fullmatch(text):
            self._rest.close()
            return True
        found = _PROPERTY.fullmatch(text)
        if not found or self._name or column < at:
            return False
        self._rest.close()
        if column == at and text.startswith("Worker ") and (worker := _WORKER.fullmatch(text)):
            self._worker, rest = properties.worker(worker.group(2), int(worker.group(1)))
            raw.setdefault("Workers", []).append(self._worker)
            if not (found := _PROPERTY.fullmatch(rest)):
                return True
            self._hold(self._worker, raw, found)
        elif column == at:
            self._worker = None
            self._hold(raw, raw, found)
        elif self._worker is not None:
            self._hold(self._worker, raw, found)
        elif found.group(1) in ("Group Key", "Hash Key"):
            self._hold(raw, raw, found)
        return True

    def _hold(self, holder: dict[str, Any], node: dict[str, Any], found: re.Match[str]) -> None:
        """A property, whose value may go on in the lines below it."""
        key, value = found.groups()
        # A plan has the same few keys millions of times.
        key = sys.intern(key)
        if key.startswith("Foreign"):
            holder[key] = value
            return
        self._rest = Rest(value, lambda whole: properties.apply(holder, node["Node Type"], key, whole))


def _relationship(parent: dict[str, Any]) -> str:
    """What a child that has no name is to its parent: members, a subquery, or the outer and then the inner side."""
    kind = _MEMBERS.get(parent["Node Type"])
    if kind:
        return kind
    siblings = (child for child in parent.get("Plans", ()) if "Subplan Name" not in child)
    return "Inner" if next(siblings, None) else "Outer"
