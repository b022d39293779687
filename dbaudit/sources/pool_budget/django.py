"""Django's DATABASES: without a pool each thread holds one connection to each database, with OPTIONS' pool a pool does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from dbaudit.sources.pool_budget.found import Pool, Value
from dbaudit.sources.pool_budget.libraries import psycopg_pool
from dbaudit.sources.pool_budget.literals import Module, mapping, text

_READERS = ("config", "parse", "db", "db_url", "dj_db_url", "database_url")


def databases(module: Module) -> Iterator[Pool]:
    """A pool for each PostgreSQL database of a settings module; one that is not known where they are not written down."""
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                yield from _assigned(module, target, statement.value)


def _assigned(module: Module, target: ast.expr, value: ast.expr) -> Iterator[Pool]:
    if isinstance(target, ast.Name) and target.id == "DATABASES":
        items = mapping(module, value)
        if items is None:
            yield _unknown(module, value, "DATABASES is not written down there")
            return
        for alias, database in items.items():
            yield from _database(module, alias, database)
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == "DATABASES":
        yield _unknown(module, target, "DATABASES is changed there")


def _database(module: Module, alias: str, node: ast.expr) -> Iterator[Pool]:
    settings = mapping(module, node)
    if settings is None:
        node = module.behind(node)
        name = module.qualified(node.func) if isinstance(node, ast.Call) else ""
        if name.rpartition(".")[2] in _READERS and "pool" not in ast.unparse(node).lower():
            yield _one_a_thread(module, node, alias)
        else:
            yield _unknown(module, node, f"the database {alias} is not written down there")
        return
    engine = text(module, settings["ENGINE"]) if "ENGINE" in settings else ""
    if engine is not None and "postg" not in engine and "psql" not in engine:
        return
    if engine and "pool" in engine:
        yield _unknown(module, node, f"the pool of {engine} is not known")
        return
    yield _with_options(module, node, alias, settings)


def _with_options(module: Module, node: ast.expr, alias: str, settings: dict[str, ast.expr]) -> Pool:
    options = mapping(module, settings["OPTIONS"]) if "OPTIONS" in settings else {}
    if options is None:
        return _unknown(module, settings["OPTIONS"], "whether OPTIONS has a pool is not written down there")
    pool = module.behind(options["pool"]) if "pool" in options else ast.Constant(False)
    if isinstance(pool, ast.Constant) and not pool.value:
        return _one_a_thread(module, node, alias)
    library = f"Django {alias}, psycopg_pool"
    if isinstance(pool, ast.Constant) and pool.value is True:
        return psycopg_pool(module, pool, {}, library)
    return replace(psycopg_pool(module, options["pool"], mapping(module, pool), library), path=module.path)


def _one_a_thread(module: Module, node: ast.AST, alias: str) -> Pool:
    place = module.place(node)
    size = Value(place=place, is_unlimited=True)
    return Pool(library=f"Django {alias}", path=module.path, place=place, size=size)


def _unknown(module: Module, node: ast.AST, reason: str) -> Pool:
    place = module.place(node)
    return Pool(library="Django", path=module.path, place=place, size=Value(place=place, reason=reason))
