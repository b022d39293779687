"""The pools that a project's Python code makes, read from its syntax trees: nothing of it is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dbaudit.facts.budget import POSTGRESQL, BudgetGap
from dbaudit.sources.pool_budget.django import databases
from dbaudit.sources.pool_budget.found import Pool, Value
from dbaudit.sources.pool_budget.libraries import pool_of, sqlalchemy_pool
from dbaudit.sources.pool_budget.literals import Module, keywords, mapping, parsed

_CONNECTS = ("psycopg.connect", "psycopg.Connection.connect", "psycopg.AsyncConnection.connect", "psycopg2.connect",
             "asyncpg.connect")
# Most words that only a file with a pool or a connection has, so that few files are parsed.
_WORDS = ("sqlalchemy", "sqlmodel", "asyncpg", "aiopg", "psycopg", "peewee", "playhouse", "redis", "mongo", "motor",
          "databases", "DATABASES", "SQLALCHEMY_")


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonPools:
    """The pools of some files, and what in them may connect and is not in the pools."""

    pools: tuple[Pool, ...] = ()
    gaps: tuple[BudgetGap, ...] = ()


def read(files: Iterable[tuple[str, str]]) -> PythonPools:
    """The pools of these files, each a path and its text. A file that is no Python is a gap where it names a driver."""
    pools: list[Pool] = []
    gaps: list[BudgetGap] = []
    modules: list[Module] = []
    for path, text in files:
        if not any(word in text for word in _WORDS):
            continue
        try:
            module = parsed(text, path)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            gaps.append(_unreadable(path))
            continue
        if not _is_alembic(module):
            modules.append(module)
    for module in modules:
        try:
            found = [*_called(module), *databases(module)]
        except RecursionError:
            gaps.append(_unreadable(module.path))
            continue
        pools += _without_alternatives(module, found)
        if not found:
            gaps += _direct(module)
    try:
        pools += list(_flask(modules))
    except RecursionError:
        gaps.append(_unreadable("Flask-SQLAlchemy's options"))
    if any(pool.server == POSTGRESQL for pool in pools):
        gaps = [gap for gap in gaps if gap.subject != _DIRECT]
    return PythonPools(pools=tuple(pools), gaps=tuple(gaps))


def _unreadable(path: str) -> BudgetGap:
    return BudgetGap(subject=path, place=path, reason="it cannot be read as Python: its pools are not known")


def _is_alembic(module: Module) -> bool:
    """Whether this is the environment of migrations, which connects once and has no place in the steady state."""
    return "alembic.context" in module.imports.values()


def _called(module: Module) -> Iterator[Pool]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            pool = pool_of(module, node)
            if pool:
                yield pool


_DIRECT = "connections without a pool"


def _direct(module: Module) -> Iterator[BudgetGap]:
    """A connection that is opened by hand, unless it is in what runs as a script."""
    if any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in module.tree.body):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and module.qualified(node.func) in _CONNECTS:
            yield BudgetGap(
                subject=_DIRECT,
                place=module.place(node),
                reason="how many are open at a time is up to the code",
                remedy="--service 'NAME: pool=N'",
            )
            return


def _without_alternatives(module: Module, pools: list[Pool]) -> list[Pool]:
    """Of the pools in the two branches of an `if` only one is made: one that is the same in both, else an unknown one."""
    branches = [
        (_lines(node.body), _lines(node.orelse))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and node.orelse
    ]
    kept = list(pools)
    for then, otherwise in branches:
        ours = [pool for pool in kept if _line(pool) in then]
        theirs = [pool for pool in kept if _line(pool) in otherwise]
        if not ours or not theirs:
            continue
        kept = [pool for pool in kept if pool not in theirs]
        same = [_figures(pool) for pool in ours] == [_figures(pool) for pool in theirs]
        if not same:
            value = Value(place=ours[0].place, reason=f"or it is that of {theirs[0].place}: it depends on an if")
            kept = [pool for pool in kept if pool not in ours]
            kept.append(replace(ours[0], size=value, overflow=Value(value=0)))
    return kept


def _lines(body: list[ast.stmt]) -> range:
    return range(body[0].lineno, (body[-1].end_lineno or body[-1].lineno) + 1) if body else range(0)


def _line(pool: Pool) -> int:
    return int(pool.place.rpartition(":")[2])


def _figures(pool: Pool) -> tuple:
    values = (pool.size, pool.overflow, pool.minimum)
    return pool.server, *((value.value, value.variable, value.is_unlimited, value.reason) for value in values)


def _flask(modules: list[Module]) -> Iterator[Pool]:
    """Flask-SQLAlchemy's engine, whose options are arguments of the extension or in the application's config."""
    made = [
        (module, node)
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and module.qualified(node.func) == "flask_sqlalchemy.SQLAlchemy"
    ]
    configured = [found for module in modules for found in _flask_options(module)]
    for module, call in made:
        given = keywords(module, call)
        options = given.get("engine_options") if given else None
        arguments = {} if given is not None else None
        reader = module
        if options is not None:
            arguments = mapping(module, options)
        elif configured:
            reader, arguments = configured[0]
            if any(_shown(arguments) != _shown(other) for _, other in configured):
                arguments = None
        pool = sqlalchemy_pool(reader, call, arguments, "Flask-SQLAlchemy")
        yield replace(pool, path=module.path, place=module.place(call))


def _flask_options(module: Module) -> Iterator[tuple[Module, dict[str, ast.expr] | None]]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            key = target.slice if isinstance(target, ast.Subscript) else target
            name = key.value if isinstance(key, ast.Constant) else getattr(key, "id", "")
            if name == "SQLALCHEMY_ENGINE_OPTIONS":
                yield module, mapping(module, node.value)
            elif name in ("SQLALCHEMY_POOL_SIZE", "SQLALCHEMY_MAX_OVERFLOW", "SQLALCHEMY_BINDS"):
                yield module, None


def _shown(arguments: dict[str, ast.expr] | None) -> object:
    return arguments and {name: ast.unparse(value) for name, value in arguments.items()}
