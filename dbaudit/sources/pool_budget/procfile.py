"""Procfile: one command line for each type of process. How many there are of each is not in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from dbaudit.sources.pool_budget.found import Service, Value
from dbaudit.sources.pool_budget.shell import tokens

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")
# What runs once at a release, not beside the others.
_MOMENTARY = ("release",)


def services(text: str, path: str) -> Iterator[Service]:
    """The services of a Procfile. The platform that runs it may set WEB_CONCURRENCY, and keeps old dynos for a while."""
    for number, line in enumerate(text.splitlines(), start=1):
        match = _LINE.fullmatch(line.strip())
        if not match or match[1] in _MOMENTARY:
            continue
        place = f"{path}:{number}"
        yield Service(
            name=match[1],
            kind="Procfile",
            place=place,
            command=tokens(match[2]),
            instances=Value(place=place, reason="a Procfile does not say it"),
            surge=None,
            is_open=True,
            directory=os.path.dirname(path),
        )
