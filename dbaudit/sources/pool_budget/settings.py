"""Which of several Django settings modules a service runs with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from dbaudit.sources.pool_budget.found import Pool, Value

_NAMED = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")


def one_of_the_settings(
    pools: Iterable[Pool], environment: Mapping[str, str | None], directory: str, text: Callable[[str], str | None]
) -> list[Pool]:
    """The pools, with Django's of the one settings module that DJANGO_SETTINGS_MODULE or manage.py names.

    Where several settings modules have databases and none of them is named, how large the pool is is not known.
    """
    pools = list(pools)
    django = [pool for pool in pools if pool.library.startswith("Django")]
    paths = list(dict.fromkeys(pool.path for pool in django))
    if len(paths) < 2:
        return pools
    name = environment.get("DJANGO_SETTINGS_MODULE") or _in_manage(directory, text)
    chosen = [path for path in paths if name and _is_module(path, name)]
    if len(chosen) == 1:
        return [pool for pool in pools if pool not in django or pool.path == chosen[0]]
    others = [pool for pool in pools if pool not in django]
    first = [pool for pool in django if pool.path == paths[0]]
    if all(_figures(django, path) == _figures(django, paths[0]) for path in paths):
        return [*others, *first]
    value = Value(place=" and ".join(paths[:2]), reason="several settings have DATABASES: DJANGO_SETTINGS_MODULE would tell")
    return [*others, replace(first[0], size=value, overflow=Value(value=0), minimum=Value(value=0))]


def _in_manage(directory: str, text: Callable[[str], str | None]) -> str:
    match = _NAMED.search(text(f"{directory}/manage.py" if directory else "manage.py") or "")
    return match[1] if match else ""


def _is_module(path: str, name: str) -> bool:
    stem = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return stem == name or stem.endswith(f".{name}")


def _figures(pools: list[Pool], path: str) -> list[tuple]:
    return [
        (value.value, value.variable, value.is_unlimited)
        for pool in pools
        if pool.path == path
        for value in (pool.size, pool.overflow, pool.minimum)
    ]
