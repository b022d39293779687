"""pgbouncer.ini: the pools that PgBouncer may open to the server. The defaults are PgBouncer's (all versions)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.facts.budget import Figure, PoolerPool, PoolerSettings
from dbaudit.sources.pool_budget import numbers

_SECTION = re.compile(r"\[(\w+)\]")
_SETTING = re.compile(r"""("(?:[^"]|"")*"|[^\s=;#][^\s=]*)\s*=\s*(.*)""")
_PAIR = re.compile(r"(\w+)\s*=\s*('(?:[^']|'')*'|\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBouncer:
    """What a pgbouncer.ini says: `port` is where it listens."""

    path: str
    port: int
    settings: PoolerSettings
    pools: tuple[PoolerPool, ...]


def read(text: str, path: str) -> PgBouncer:
    """The pools of a pgbouncer.ini. How many users a database has is not in it, unless its user is forced."""
    settings: dict[str, tuple[str, int]] = {}
    databases: list[tuple[str, dict[str, str], int]] = []
    for section, name, value, line in _lines(text):
        if section == "pgbouncer":
            settings[name.lower()] = (value, line)
        elif section == "databases":
            databases.append((name.strip('"').replace('""', '"'), _pairs(value), line))
    port = _number(settings, "listen_port", 6432, path).value or 6432
    return PgBouncer(
        path=path,
        port=port,
        settings=PoolerSettings(
            pooler="PgBouncer",
            place=path,
            pool_mode=settings.get("pool_mode", ("session", 0))[0].lower(),
            max_client_conn=_number(settings, "max_client_conn", 100, path),
            query_wait_timeout_s=_number(settings, "query_wait_timeout", 120, path),
            server_lifetime_s=_number(settings, "server_lifetime", 3600, path),
        ),
        pools=tuple(_pool(name, pairs, f"{path}:{line}", settings, path) for name, pairs, line in databases),
    )


def _lines(text: str) -> Iterator[tuple[str, str, str, int]]:
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        heading, setting = _SECTION.fullmatch(line), _SETTING.fullmatch(line)
        if heading:
            section = heading[1].lower()
        elif setting and line[0] not in ";#":
            yield section, setting[1], setting[2].strip(), number


def _pairs(value: str) -> dict[str, str]:
    return {match[1].lower(): match[2].strip("'") for match in _PAIR.finditer(value)}


def _number(settings: dict[str, tuple[str, int]], name: str, default: int, path: str) -> Figure:
    if name not in settings:
        return Figure(value=default, place=f"default of PgBouncer: {name}")
    text, line = settings[name]
    return _figure(text, name, f"{path}:{line}")


def _figure(text: str, name: str, place: str) -> Figure:
    value = numbers.count(text)
    return Figure(value=value, place=place, reason="" if value is not None else f"{name} is no number there")


def _pool(name: str, pairs: dict[str, str], place: str, settings: dict[str, tuple[str, int]], path: str) -> PoolerPool:
    size = _figure(pairs["pool_size"], "pool_size", place) if "pool_size" in pairs else None
    size = size or _number(settings, "default_pool_size", 20, path)
    reserve = next((pairs[key] for key in ("reserve_pool_size", "reserve_pool") if key in pairs), None)
    limit = (
        _figure(pairs["max_db_connections"], "max_db_connections", place)
        if "max_db_connections" in pairs
        else _number(settings, "max_db_connections", 0, path)
    )
    users = Figure(place=place, reason="each role has a pool of its own, and how many roles connect is not in the file")
    return PoolerPool(
        pooler="PgBouncer",
        database=name,
        place=place,
        users=Figure(value=1, place=place) if "user" in pairs else users,
        size=_unlimited(size),
        reserve=_figure(reserve, "reserve_pool", place) if reserve else _number(settings, "reserve_pool_size", 0, path),
        limit=_unlimited(limit),
    )


def _unlimited(figure: Figure) -> Figure:
    return Figure(is_unlimited=True, place=figure.place) if figure.value == 0 else figure
