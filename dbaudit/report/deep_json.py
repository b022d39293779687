"""JSON of any depth: a plan can be nested deeper than Python's own encoder goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class _Text(NamedTuple):
    """What is JSON already."""

    text: str


def dumps(value: Any) -> str:
    """A value as one line of JSON, as json.dumps writes it."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "".join(_parts(value))


def _parts(value: Any) -> Iterator[str]:
    todo: list[Any] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, _Text):
            yield item.text
        elif isinstance(item, dict):
            todo += reversed(_between("{", [[_Text(f"{json.dumps(key)}: "), inner] for key, inner in item.items()], "}"))
        elif isinstance(item, list | tuple):
            todo += reversed(_between("[", [[inner] for inner in item], "]"))
        else:
            yield json.dumps(item)


def _between(opening: str, members: list[list[Any]], closing: str) -> list[Any]:
    parts: list[Any] = [_Text(opening)]
    for number, member in enumerate(members):
        parts += [_Text(", "), *member] if number else member
    return [*parts, _Text(closing)]
