"""DATABASES in a settings module of Django, as far as it is written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dbaudit.facts.code import DjangoDatabase
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import Module

_POSTGRESQL = re.compile(r"postgresql|postgis")
_NOT_SERVED = re.compile(r"test|dev|local|\bci\b", re.IGNORECASE)
_ABOUT = re.compile(rb"conn_max_age|conn_health_checks", re.IGNORECASE)
_UNKNOWN = object()


def django_databases(project: Project) -> Iterator[DjangoDatabase]:
    """Each entry of a PostgreSQL backend.

    An entry that could be completed elsewhere, as another module names one of its settings, is left out, and so are the
    settings of developers and tests.
    """
    for module in project.modules.values():
        bound = module.bindings.get(module.tree, {}).get("DATABASES", ())
        if len(bound) != 1 or not isinstance(bound[0], ast.Dict) or _NOT_SERVED.search(module.name.rpartition(".")[2]):
            continue
        elsewhere = any(_ABOUT.search(each.data) for each in project.modules.values() if each is not module)
        for key, value in zip(bound[0].keys, bound[0].values):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Dict) and not elsewhere:
                database = _database(module, str(key.value), value)
                if database:
                    yield database


def _database(module: Module, name: str, entry: ast.Dict) -> DjangoDatabase | None:
    if None in entry.keys:
        return None
    settings = {key.value: value for key, value in zip(entry.keys, entry.values) if isinstance(key, ast.Constant)}
    engine = _literal(settings.get("ENGINE"))
    max_age = _literal(settings.get("CONN_MAX_AGE"), 0)
    checks = _literal(settings.get("CONN_HEALTH_CHECKS"), False)
    options = settings.get("OPTIONS")
    names_more = len(_ABOUT.findall(module.data)) > sum(
        key in settings for key in ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
    )
    if not isinstance(engine, str) or not _POSTGRESQL.search(engine) or _UNKNOWN in (max_age, checks) or names_more:
        return None
    if options is not None and not isinstance(options, ast.Dict):
        return None
    host = _literal(settings.get("HOST"), "")
    return DjangoDatabase(
        name=name,
        function=module.name,
        span=module.span(entry),
        host=host if isinstance(host, str) else "",
        max_age_s=max_age,
        health_checks=bool(checks),
        has_pool=options is not None and any(key is None or _literal(key) == "pool" for key in options.keys),
        has_pooler=module.has_pooler,
    )


def _literal(node: ast.expr | None, default: object = _UNKNOWN) -> object:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) else _UNKNOWN
