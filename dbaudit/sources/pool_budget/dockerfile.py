"""Dockerfile: the command and the environment of the image that its last stage makes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dbaudit.sources.pool_budget.found import Service, Value
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

def image(text: str, path: str, target: str = "") -> Image:
    """The image of the last stage of a Dockerfile, or of the stage that is named."""
    stages: dict[str, Image] = {}
    current, name = _nothing(path, ""), ""
    for line, instruction, rest in _instructions(text):
        place = f"{path}:{line}"
        if instruction == "FROM":
            if target and name == target:
                break
            base = re.fullmatch(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?", rest.strip(), re.IGNORECASE)
            source, name = (base[1], base[2] or "") if base else ("", "")
            current = stages.get(source, _nothing(path, source))
        elif instruction == "ENV":
            current = replace(current, environment={**current.environment, **_environment(rest)})
        elif instruction == "CMD":
            current = replace(current, command=_words(rest), place=place)
        elif instruction == "ENTRYPOINT":
            current = replace(current, entrypoint=_words(rest), place=place)
        stages[name] = current
    return current


def services(images: Iterable[Image]) -> Iterator[Service]:
    """A service for each image, where nothing else says what is deployed. It is called as its directory."""
    for each in images:
        directory = os.path.dirname(each.path)
        yield Service(
            name=os.path.basename(directory) or "app",
            kind="Dockerfile",
            place=each.place,
            command=None,
            instances=Value(place=each.path, reason="a Dockerfile does not say it"),
            surge=None,
            is_open=True,
            dockerfile=each.path,
            directory=directory,
        )


def _nothing(path: str, base: str) -> Image:
    return Image(path=path, place=path, base=base, entrypoint=None, command=None, environment={})


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
