"""Dockerfile: the command and the environment of the image that its last stage makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.sources.pool_budget.shell import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image runs, and what is set in it. `command` is None where the file does not say it.

    `base` is the image that its last stage starts from, by its own name.
    """

    path: str
    place: str
    base: str
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    environment: dict[str, str | None]

def image(text: str, path: str) -> Image:
    """The image of the last stage of a Dockerfile."""
    place, entrypoint, command, environment = path, None, None, {}
    stages: dict[str, dict[str, str | None]] = {}
    bases: dict[str, str] = {}
    name = source = ""
    for line, instruction, rest in _instructions(text):
        if instruction == "FROM":
            base = re.fullmatch(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?", rest.strip(), re.IGNORECASE)
            stages[name] = environment
            environment = dict(stages.get(base[1], {})) if base else {}
            source = bases.get(base[1], base[1]) if base else ""
            name, entrypoint, command, place = (base[2] or "") if base else "", None, None, path
            bases[name] = source
        elif instruction == "ENV":
            environment |= _environment(rest)
        elif instruction == "CMD":
            command, place = _words(rest), f"{path}:{line}"
        elif instruction == "ENTRYPOINT":
            entrypoint, place = _words(rest), f"{path}:{line}"
    return Image(path=path, place=place, base=source, entrypoint=entrypoint, command=command, environment=environment)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#"):
            continue
        start = start or number
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1] + " "
            continue
        match = re.fullmatch(r"\s*([A-Za-z]+)\s+(.*)", pending + line)
        if match:
            yield start, match[1].upper(), match[2]
        pending, start = "", 0


def _words(rest: str) -> tuple[str, ...] | None:
    if rest.lstrip().startswith("["):
        try:
            words = json.loads(rest)
        except ValueError:
            return tokens(rest)
        return tuple(words) if all(isinstance(word, str) for word in words) else None
    return tokens(rest)


def _environment(rest: str) -> dict[str, str | None]:
    words = tokens(rest) or ()
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])}
    pairs = [word.partition("=") for word in words if "=" in word]
    return {name: None if "$" in value else value for name, _, value in pairs}
