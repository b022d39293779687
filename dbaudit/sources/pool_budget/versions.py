"""The versions of libraries that a project pins, for defaults that changed between versions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace

from dbaudit.sources.pool_budget import numbers
from dbaudit.sources.pool_budget.found import Pool, Value
from dbaudit.sources.pool_budget.libraries import REDIS_DEFAULT

# redis-py's ConnectionPool has max_connections 100 from 8.1 on, and 2**31 before, which is none.
_REDIS_WITH_A_LIMIT = (8, 1)
_PIN = re.compile(r"\s*([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*==\s*([0-9][0-9.]*)")


def pinned(files: Iterable[tuple[str, str]]) -> dict[str, set[tuple[int, ...]]]:
    """The versions of each library in uv.lock, poetry.lock and requirements files, each a path and its text."""
    found: dict[str, set[tuple[int, ...]]] = {}
    for path, text in files:
        for name, version in _locked(text) if path.endswith(".lock") else _required(text):
            parts = tuple(number for part in version.split(".")[:2] if (number := numbers.count(part)) is not None)
            found.setdefault(name.lower().replace("_", "-"), set()).add(parts)
    return found


def _locked(text: str) -> list[tuple[str, str]]:
    try:
        packages = tomllib.loads(text).get("package", [])
    except tomllib.TOMLDecodeError:
        return []
    packages = packages if isinstance(packages, list) else []
    return [
        (str(package["name"]), str(package["version"]))
        for package in packages
        if isinstance(package, dict) and "name" in package and "version" in package
    ]


def _required(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for line in text.splitlines() if (match := _PIN.match(line))]


def with_defaults(pools: Iterable[Pool], versions: dict[str, set[tuple[int, ...]]]) -> tuple[Pool, ...]:
    """The pools, with the default of the version that is pinned where it depends on that, and only one is."""
    return tuple(_with_default(pool, versions.get("redis", set())) for pool in pools)


def _with_default(pool: Pool, versions: set[tuple[int, ...]]) -> Pool:
    if pool.library != "redis-py" or pool.size.reason != REDIS_DEFAULT or len(versions) != 1:
        return pool
    (version,) = versions
    place = f"default of redis-py {'.'.join(map(str, version))}"
    has_limit = version >= _REDIS_WITH_A_LIMIT
    return replace(pool, size=Value(value=100, place=place) if has_limit else Value(place=place, is_unlimited=True))
