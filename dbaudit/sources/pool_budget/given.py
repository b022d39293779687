"""Services as a person gives them: `[tool.dbaudit.services]` in a configuration file, or --service."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dbaudit.errors import AuditError
from dbaudit.facts.budget import Figure
from dbaudit.sources.pool_budget import numbers

NUMBERS = ("instances", "processes", "threads", "pool", "overflow", "concurrency")
NAMES = ("role", "database", "through")
_FORM = "--service 'NAME: instances=8 processes=4 pool=10 overflow=20'"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenService:
    """What a person says of a service; None and empty are what is left to the project's files.

    `instances` is a serverless function's concurrency limit where that is given: `is_serverless` then.
    """

    name: str
    place: str
    instances: Figure | None = None
    processes: Figure | None = None
    threads: Figure | None = None
    pool: Figure | None = None
    overflow: Figure | None = None
    surge: Figure | None = None
    is_serverless: bool = False
    role: str = ""
    database: str = ""
    through: str = ""


def from_option(text: str) -> GivenService:
    """A service of --service: `NAME: key=value …`. Raises AuditError for what is no such text."""
    name, colon, rest = text.partition(":")
    words = re.split(r"[\s,]+", rest.strip()) if rest.strip() else []
    if not colon or not name.strip() or not words or any("=" not in word for word in words):
        raise AuditError(f"--service {text!r} is not understood", _FORM)
    pairs = [word.split("=", 1) for word in words]
    if len({key for key, _ in pairs}) < len(pairs):
        raise AuditError(f"--service {text!r} says something twice", _FORM)
    return _service(name.strip(), dict(pairs), f"--service {name.strip()}")


def from_config(text: str, path: str) -> tuple[GivenService, ...]:
    """The services of a pyproject.toml or a dbaudit.toml. Raises AuditError for a key or a value that is not known."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AuditError(f"{path} is not valid TOML: {error}") from None
    is_project = path.rpartition("/")[2] == "pyproject.toml"
    section = document.get("tool", {}).get("dbaudit", {}) if is_project else document
    services = section.get("services", {}) if isinstance(section, dict) else {}
    if not isinstance(services, dict) or not all(isinstance(value, dict) for value in services.values()):
        raise AuditError(f"{path}: services is not a table of tables", "[tool.dbaudit.services.api]\ninstances = 8")
    return tuple(_service(name, value, f"{path} services.{name}") for name, value in services.items())


def merged(services: Iterable[GivenService]) -> dict[str, GivenService]:
    """One service for each name: what is given later wins, figure by figure."""
    found: dict[str, GivenService] = {}
    for service in services:
        earlier = found.get(service.name)
        names = (*(name for name in NUMBERS if name != "concurrency"), "surge", *NAMES)
        given = {name: getattr(service, name) for name in names if getattr(service, name)}
        is_serverless = service.is_serverless or bool(earlier and earlier.is_serverless and not service.instances)
        found[service.name] = replace(earlier, **given, is_serverless=is_serverless) if earlier else service
    return found


def _service(name: str, values: Mapping[str, object], place: str) -> GivenService:
    unknown = sorted(values.keys() - {*NUMBERS, *NAMES, "surge"})
    if unknown:
        raise AuditError(f"{place}: {unknown[0]} is not known", f"one of {', '.join((*NUMBERS, 'surge', *NAMES))}")
    figures = {key: _number(key, values[key], place) for key in NUMBERS if key in values}
    if "instances" in figures and "concurrency" in figures:
        raise AuditError(f"{place}: instances and concurrency are the same thing", "give one of them")
    concurrency = figures.pop("concurrency", None)
    instances = figures.pop("instances", concurrency)
    return GivenService(
        name=name,
        place=place,
        instances=instances,
        surge=_surge(values["surge"], instances, place) if "surge" in values else None,
        is_serverless=concurrency is not None,
        **figures,
        **{key: str(values[key]) for key in NAMES if key in values},
    )


def _number(key: str, value: object, place: str) -> Figure:
    text = str(value)
    number = None if isinstance(value, bool) else numbers.count(text)
    if number is None:
        raise AuditError(f"{place}: {key} is {text[:40]!r}, not a whole number")
    return Figure(value=number, place=place)


def _surge(value: object, instances: Figure | None, place: str) -> Figure:
    if not str(value).endswith("%"):
        return _number("surge", value, place)
    if instances is None or instances.value is None:
        raise AuditError(f"{place}: surge is a share of instances, which are not given there")
    share = numbers.share(str(value), instances.value)
    if share is None:
        raise AuditError(f"{place}: surge is {str(value)[:40]!r}, not a number or a percentage")
    return Figure(value=share, place=place)
