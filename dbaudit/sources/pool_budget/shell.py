"""Command lines as a shell takes them apart, as far as that needs no shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from dbaudit.sources.pool_budget import numbers
from dbaudit.sources.pool_budget.found import Value

_ENDS = frozenset(["&&", "||", ";", "|", "&", ";;"])
_VARIABLE = re.compile(r"\$(?:(\w+)|\{([\w/]+)(?::?-([^{}]*))?\})")
_SHELLS = ("sh", "bash", "dash", "ash", "zsh")


def tokens(command: str) -> tuple[str, ...] | None:
    """The words of a command line, its operators among them; None where its quotes do not end."""
    reader = shlex.shlex(command, posix=True, punctuation_chars="&;|")
    reader.whitespace_split = True
    reader.commenters = "#"
    try:
        return tuple(reader)
    except ValueError:
        return None


def simple_commands(words: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The commands that a command line runs one after the other, those of `sh -c` in place of it."""
    current: list[str] = []
    for word in (*words, ";"):
        if word not in _ENDS:
            current.append(word)
            continue
        if current:
            yield from _unwrapped(tuple(current))
        current = []


def _unwrapped(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for place, word in enumerate(words[:-1]):
        if word.rpartition("/")[2] in _SHELLS and re.fullmatch(r"-[a-z]*c", words[place + 1]) and len(words) > place + 2:
            inner = tokens(words[place + 2])
            yield from simple_commands(inner) if inner is not None else [words]
            return
    yield words


def option(words: tuple[str, ...], *names: str) -> str | None:
    """The argument of an option, by its short and long names: the last where it is given more than once."""
    found = None
    for place, word in enumerate(words):
        for name in names:
            if word == name and place + 1 < len(words):
                found = words[place + 1]
            elif name.startswith("--") and word.startswith(f"{name}="):
                found = word[len(name) + 1 :]
            elif not name.startswith("--") and word.startswith(name) and len(word) > len(name) and word[1] != "-":
                found = word[len(name) :].removeprefix("=")
    return found


def count(text: str, place: str) -> Value:
    """A number in a command line, or the variable of the environment that it is."""
    text = text.strip().strip("'\"")
    if numbers.count(text) is not None:
        return Value(value=numbers.count(text), place=place)
    variable = _VARIABLE.fullmatch(text)
    if variable:
        return Value(value=numbers.count(variable[3]), place=place, variable=variable[1] or variable[2])
    return Value(place=place, reason=f"it is {text[:40]}")
