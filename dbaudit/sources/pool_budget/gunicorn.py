"""gunicorn: its workers and their threads, from the five places where they can be set.

In rising order: WEB_CONCURRENCY, gunicorn.conf.py or the file of --config, GUNICORN_CMD_ARGS, the command line
(gunicorn's documentation, "Configuration Overview"). A sync worker with more than one thread is a gthread worker.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dbaudit.sources.pool_budget.found import Processes, Value
from dbaudit.sources.pool_budget.literals import Module, number, text, unknown
from dbaudit.sources.pool_budget.shell import count, option, tokens

if TYPE_CHECKING:
    from dbaudit.sources.pool_budget.command_lines import Context

_DEFAULT_FILE = "gunicorn.conf.py"
# Their threads each serve one request at a time; all others serve many requests in one thread.
_THREADED = ("sync", "gthread", "")


def gunicorn(words: tuple[str, ...], context: Context) -> Processes:
    """The workers that this command line starts."""
    extra = context.environment.get("GUNICORN_CMD_ARGS", "")
    if extra is None or (split := tokens(extra)) is None:
        return Processes(noun="worker", count=Value(place=context.place, reason="GUNICORN_CMD_ARGS is not given there"))
    words = (*split, *words)
    named = option(words, "-c", "--config")
    file = (named or _DEFAULT_FILE).removeprefix("file:").removeprefix("./")
    module = context.module(file)
    if named and module is None:
        hidden = Value(place=context.place, reason=f"it may be in {file}, which was not found beside it")
        workers = option(words, "-w", "--workers")
        return Processes(noun="worker", count=count(workers, context.place) if workers else hidden)
    workers = _setting(words, context, module, "workers", "-w", "--workers") or _by_environment(context)
    threads = _setting(words, context, module, "threads", "--threads") or Value(value=1, place="default of gunicorn")
    kind = option(words, "-k", "--worker-class")
    if kind is None and module is not None:
        kind = _class_in(module)
    return Processes(noun="worker", count=workers, threads=threads if kind in (None, *_THREADED) else None)


def _setting(
    words: tuple[str, ...], context: Context, module: Module | None, name: str, *options: str
) -> Value | None:
    given = option(words, *options)
    if given is not None:
        return count(given, context.place)
    if module is None:
        return None
    if name in module.names:
        return number(module, module.names[name])
    stored = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == name]
    return unknown(stored[0], module.place(stored[0])) if stored else None


def _class_in(module: Module) -> str | None:
    if "worker_class" not in module.names:
        return None
    return text(module, module.names["worker_class"]) or "one that is worked out"


def _by_environment(context: Context) -> Value:
    if context.is_open or "WEB_CONCURRENCY" in context.environment:
        return Value(place=context.place, variable="WEB_CONCURRENCY")
    return Value(value=1, place="default of gunicorn")
