"""What the readers find in a project's files, before it is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbaudit.facts.budget import POSTGRESQL, Figure
from dbaudit.sources.pool_budget import numbers

# What docker compose itself reads from its environment, not the container.
COMPOSE = "compose/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number as a file has it. Where `variable` is set it is the environment's, and `value` its default, if any.

    `is_unlimited` is a number that means no limit; `zero_is_unlimited` and `negative_is_unlimited` say which numbers
    mean that to the library.
    """

    value: int | None = None
    place: str = ""
    reason: str = ""
    variable: str = ""
    is_unlimited: bool = False
    zero_is_unlimited: bool = False
    negative_is_unlimited: bool = False

    def figure(self, environment: Mapping[str, str | None]) -> Figure:
        """The number in this environment. A variable that it does not set may be set elsewhere: that is not known."""
        if self.is_unlimited:
            return Figure(place=self.place, is_unlimited=True)
        if not self.variable:
            return self._settled(self.value, self.reason)
        if self.variable not in environment:
            default = "" if self.value is None else f", and {self.value} without it"
            name = self.variable.removeprefix(COMPOSE)
            whose = "docker compose's own environment" if name != self.variable else "the environment"
            return Figure(place=self.place, reason=f"it is {name} of {whose}{default}")
        value = numbers.whole(environment[self.variable])
        if value is None:
            return Figure(place=self.place, reason=f"{self.variable} is not given as a number")
        return self._settled(value, "")

    def _settled(self, value: int | None, reason: str) -> Figure:
        if value is not None and ((value == 0 and self.zero_is_unlimited) or (value < 0 and self.negative_is_unlimited)):
            return Figure(place=self.place, is_unlimited=True)
        if value is not None and value < 0:
            return Figure(place=self.place, reason=f"{value} is not a number of connections")
        return Figure(value=value, place=self.place, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool that the code makes: `path` is its file, `place` file:line. Without a library's pool, `size` is unlimited."""

    library: str
    path: str
    place: str
    size: Value
    overflow: Value = Value(value=0)
    minimum: Value = Value(value=0)
    server: str = POSTGRESQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """What a command line starts: processes, and the threads of each that may hold a connection (None: no such limit).

    `is_application` is false for a command that opens no connections of its own, or only for a moment.
    """

    noun: str = "process"
    count: Value = Value(value=1)
    threads: Value | None = None
    is_application: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that is deployed. `entrypoint` and `command` are None where the file leaves them to the image.

    `environment` holds what the file sets; None is a variable that is set to something the file does not say.
    `is_open` says that more variables come from elsewhere. `directory` is where its code is, None where that cannot be
    told. `dockerfile` and `target` are the file and the stage that its image is built by, as far as that is known. `kind` is the form of the file.
    """

    name: str
    kind: str
    place: str
    command: tuple[str, ...] | None
    instances: Value
    surge: Value | None
    environment: Mapping[str, str | None] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | None = None
    is_open: bool = False
    dockerfile: str = ""
    target: str = ""
    directory: str | None = None
    image: str = ""
