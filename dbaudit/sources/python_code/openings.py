"""The calls that make connections, engines, clients and pools."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from dbaudit.facts.code import CallPath, Opening, Opens, Per, Pooling
from dbaudit.sources.python_code import loops
from dbaudit.sources.python_code.libraries import MAKERS, Thing, canonical, made_by
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import Module, inside, is_deferred, last_name, qualified, scope
from dbaudit.sources.python_code.reach import Reach, is_kept, runs_once

_OPENS = {
    Thing.CONNECTION: Opens.CONNECTION,
    Thing.ENGINE: Opens.POOL,
    Thing.POOL: Opens.POOL,
    Thing.CLIENT: Opens.POOL,
}
_WORKERS = frozenset(["celery", "dramatiq", "huey", "rq"])
_CHECKS = ("pool_pre_ping", "pool_recycle")
_NO_STATEMENT_CACHE = (
    "statement_cache_size",
    "prepared_statement_cache_size",
    "prepare_threshold",
    "prepared_statement_name_func",
)
_LOCAL_FILE = re.compile(r"sqlite|duckdb|:memory:|mysql|mariadb|oracle|mssql|mock:", re.IGNORECASE)


def openings(project: Project, reach: Reach) -> Iterator[Opening]:
    """Every such call of the project, in the order of the files."""
    for module in project.modules.values():
        seen: Counter[tuple[str, str]] = Counter()
        for call in module.calls:
            if last_name(call.func, module) not in MAKERS or is_deferred(call):
                continue
            origin = project.origin(call.func, module)
            made = made_by(origin)
            address = _address(call, module)
            if made not in _OPENS or _LOCAL_FILE.search(address) or _shares_a_pool(call):
                continue
            place = function_name(module, call)
            name = called(origin)
            seen[place, name] += 1
            yield _opening(project, reach, module, call, name, _OPENS[made], address, seen[place, name])


def called(origin: str) -> str:
    """A function's name for a reader: without the modules that only re-export it."""
    name = canonical(origin)
    return name.removeprefix("sqlalchemy.") if name.startswith("sqlalchemy.create") else name


def function_name(module: Module, node: ast.AST) -> str:
    """The dotted path of the function that a node stands in."""
    return ".".join(filter(None, [module.name, qualified(scope(node))]))


def _opening(
    project: Project, reach: Reach, module: Module, call: ast.Call, name: str, opens: Opens, address: str, number: int
) -> Opening:
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    pooling = _pooling(project, module, options)
    path = None if _is_once(call) else reach.path(module, call, name)
    return Opening(
        library=canonical(project.origin(call.func, module)).partition(".")[0],
        call=name,
        opens=opens,
        function=function_name(module, call),
        span=module.span(call),
        number=number,
        path=None if path and _varies(path, call, module) else path,
        host=_host(address),
        pooling=pooling,
        is_checked=_is_checked(options) if name.startswith("create_") else None,
        has_pooler=module.has_pooler or _has_pooler(call),
        is_short_lived=is_migration(module) or module.is_cloud_function,
        in_script=_is_of_a_script(call),
        in_worker=any(target.partition(".")[0] in _WORKERS for target in module.imports.values()),
    )


def _is_once(call: ast.Call) -> bool:
    function = scope(call)
    if isinstance(function, ast.Module):
        return False
    return is_kept(call, function) or runs_once(function)


def _varies(path: CallPath, call: ast.Call, module: Module) -> bool:
    """Whether a loop connects to another place each time, or fills a list of connections."""
    if path.per is not Per.ITERATION:
        return False
    loop = loops.per_row(call, module)
    if loop is None:
        return False
    if isinstance(loop, loops.Comprehension):
        return True
    names = loops.derived_names(loop)
    return any(loops.uses(value, names) for value in (*call.args, *(keyword.value for keyword in call.keywords)))


def _pooling(project: Project, module: Module, options: dict[str | None, ast.expr]) -> Pooling:
    if "poolclass" in options:
        name = canonical(project.origin(options["poolclass"], module)).rpartition(".")[2]
        if name == "NullPool":
            return Pooling.NONE
        return Pooling.KEPT if name.endswith("QueuePool") else Pooling.UNKNOWN
    return Pooling.UNKNOWN if None in options else Pooling.KEPT


def _is_checked(options: dict[str | None, ast.expr]) -> bool | None:
    given = [options[name] for name in _CHECKS if name in options]
    if any(not (isinstance(value, ast.Constant) and value.value in (False, -1, None)) for value in given):
        return True
    return None if None in options else False


def _address(call: ast.Call, module: Module) -> str:
    """The literal parts of what a call connects to: its first argument, and host, port and the like."""
    wanted = [
        *call.args[:1],
        *(k.value for k in call.keywords if k.arg in ("dsn", "conninfo", "url", "host", "hostname")),
    ]
    return " ".join(filter(None, (_text(value, module) for value in wanted)))


def _text(value: ast.expr, module: Module) -> str:
    if isinstance(value, ast.Name):
        bound = [
            *module.bindings.get(scope(value), {}).get(value.id, ()),
            *module.bindings.get(module.tree, {}).get(value.id, ()),
        ]
        value = next((each for each in bound if isinstance(each, ast.Constant | ast.JoinedStr)), value)
    if isinstance(value, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _host(address: str) -> str:
    """The server's name in a connection string or URI, where it is written out."""
    if "://" in address:
        try:
            host = urlsplit(address).hostname or "localhost"
        except ValueError:
            return ""
        return "" if "{" in host else host
    found = re.search(r"\bhost\s*=\s*'?([^\s'{}]+)", address)
    if found:
        return found.group(1)
    return address if re.fullmatch(r"[\w.-]+\.[a-z]{2,}|localhost|[\d.]+", address) else ""


def _has_pooler(call: ast.Call) -> bool:
    text = ast.unparse(call)
    return any(name in text for name in _NO_STATEMENT_CACHE)


def _shares_a_pool(call: ast.Call) -> bool:
    return any(keyword.arg == "connection_pool" for keyword in call.keywords)


def is_migration(module: Module) -> bool:
    """Whether it is Alembic's env.py, which runs once and connects for itself."""
    return os.path.basename(module.path) == "env.py" and any("alembic" in each for each in module.imports.values())


def _is_of_a_script(call: ast.Call) -> bool:
    """Whether it is not kept: in main, under a command of click or typer, used in place, or disposed of at the end."""
    function = scope(call)
    if isinstance(function, ast.Module):
        return False
    decorators = " ".join(ast.unparse(each) for each in function.decorator_list)
    ends = any(isinstance(node, ast.Attribute) and node.attr == "dispose" for node in inside(function))
    chained = isinstance(call.parent, ast.Attribute)
    return (
        chained
        or function.name in ("main", "cli", "handle")
        or ".command" in decorators
        or "click." in decorators
        or ends
    )
