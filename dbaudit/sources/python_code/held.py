"""Calls that wait for something else while a transaction is open."""

from __future__ import annotations

import ast
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.facts.code import HeldTransaction
from dbaudit.sources.python_code.libraries import WAITERS, Thing, thing, waits_for
from dbaudit.sources.python_code.openings import function_name
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, is_deferred, last_name, parents, scope
from dbaudit.sources.python_code.reach import Reach, label

_ATOMIC = ("django.db.transaction.atomic", "django.db.transaction.atomic()")
_SENDS = frozenset(["execute", "scalar", "scalars", "query", "get", "flush", "fetch", "fetchrow", "fetchval"])
_ENDS = frozenset(["commit", "rollback", "close"])
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class _Open:
    """What opens a transaction that a node runs in."""

    text: str
    node: ast.expr
    is_explicit: bool = True


def held_transactions(project: Project, reach: Reach) -> Iterator[HeldTransaction]:
    """Each such call, or the call in the transaction that leads to it within three functions."""
    seen: Counter[tuple[str, str]] = Counter()
    for module in project.modules.values():
        for call in module.calls:
            if last_name(call.func, module) not in WAITERS:
                continue
            name = project.origin(call.func, module)
            waits = waits_for(name)
            if waits is None or is_deferred(call) or _is_no_wait(call):
                continue
            for home, place, opened, steps in _within(project, reach, module, call):
                function = function_name(home, place)
                seen[function, name] += 1
                yield HeldTransaction(
                    waits_for=waits,
                    call=name.replace("()", ""),
                    begun_by=opened.text,
                    begun_at=home.span(opened.node),
                    function=function,
                    span=home.span(place),
                    number=seen[function, name],
                    steps=steps,
                    is_explicit=opened.is_explicit,
                    path=reach.served(home, place),
                )


def _is_no_wait(call: ast.Call) -> bool:
    """asyncio.sleep(0) only lets others run."""
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def _within(
    project: Project, reach: Reach, module: Module, call: ast.Call
) -> Iterator[tuple[Module, ast.Call, _Open, tuple[str, ...]]]:
    """The calls in transactions from which this one is reached: itself, or its callers'."""
    opened = _around(project, module, call) or _between(project, module, call)
    if opened:
        yield module, call, opened, ()
        return
    queue = deque([(module, scope(call), ())])
    seen: set[ast.AST] = set()
    while queue:
        home, function, steps = queue.popleft()
        if not isinstance(function, FunctionNode) or function in seen or len(steps) >= _DEEPEST:
            continue
        seen.add(function)
        here = (label(home, function), *steps)
        for caller_home, caller, use in reach.callers(home, function):
            if use is None or is_deferred(use):
                continue
            opened = _around(project, caller_home, use)
            if opened:
                yield caller_home, use, opened, here
            else:
                queue.append((caller_home, caller, here))


def _around(project: Project, module: Module, node: ast.AST) -> _Open | None:
    """The `with` or the decorator that opens a transaction around a node."""
    inner = node
    for outer in parents(node):
        if isinstance(outer, ast.With | ast.AsyncWith) and inner in outer.body:
            for item in outer.items:
                if _opens(project, module, item, inner, outer):
                    return _Open(ast.unparse(item.context_expr), item.context_expr)
        if isinstance(outer, FunctionNode):
            decorators = [each for each in outer.decorator_list if project.origin(each, module) in _ATOMIC]
            return _Open(f"@{ast.unparse(decorators[0])}", decorators[0]) if decorators else None
        inner = outer
    return None


def _opens(
    project: Project, module: Module, item: ast.withitem, inner: ast.AST, block: ast.With | ast.AsyncWith
) -> bool:
    expression = item.context_expr
    origin = project.origin(expression, module)
    if origin in _ATOMIC or thing(origin) is Thing.TRANSACTION:
        return True
    method = (
        expression.func.attr if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) else ""
    )
    if method == "begin" and thing(origin) in (Thing.CONNECTION, Thing.SESSION):
        return True
    return thing(origin) is Thing.CONNECTION and _has_sent(project, module, block, inner)


def _has_sent(project: Project, module: Module, block: ast.With | ast.AsyncWith, inner: ast.AST) -> bool:
    """Whether psycopg, whose `with conn` ends in a commit, has sent a statement of the block before this one."""
    item = block.items[0]
    if not project.origin(item.context_expr, module).startswith(("psycopg2.", "psycopg.", "psycopg_pool.")):
        return False
    if "autocommit" in ast.unparse(scope(block)):
        return False
    before = block.body[: block.body.index(inner)]
    calls = [each for statement in before for each in (statement, *inside(statement)) if isinstance(each, ast.Call)]
    sent = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ("execute", *_ENDS)]
    return bool(sent) and max(sent, key=lambda call: (call.lineno, call.col_offset)).func.attr == "execute"


def _between(project: Project, module: Module, call: ast.Call) -> _Open | None:
    """The query of a session before a call that waits, where the same session's commit comes after both."""
    function = scope(call)
    if not isinstance(function, FunctionNode):
        return None
    before: dict[str, ast.Call] = {}
    after: set[str] = set()
    here = (call.lineno, call.col_offset)
    calls = [node for node in inside(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    for each in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = ast.unparse(each.func.value)
        if each.func.attr not in _SENDS | _ENDS or thing(project.origin(each.func.value, module)) is not Thing.SESSION:
            continue
        if (each.lineno, each.col_offset) < here:
            if each.func.attr in _ENDS:
                before.pop(name, None)
            elif _always_before(each, call, function):
                before.setdefault(name, each)
        elif each.func.attr == "commit":
            after.add(name)
    found = next((before[name] for name in before if name in after), None)
    return _Open(ast.unparse(found.func), found, is_explicit=False) if found else None


def _always_before(query: ast.AST, call: ast.AST, function: ast.AST) -> bool:
    """Whether the query's innermost block holds the call too, so that no branch leads around the query."""
    inner = query
    for outer in parents(query):
        if isinstance(outer, ast.If | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.Try):
            return any(each is outer for each in parents(call)) and not _other_branch(outer, inner, call)
        if outer is function:
            return True
        inner = outer
    return False


def _other_branch(block: ast.AST, inner: ast.AST, call: ast.AST) -> bool:
    of_call = next(each for each in (call, *parents(call)) if each.parent is block)
    return not any(inner in part and of_call in part for part in _bodies(block))


def _bodies(block: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "handlers", "finalbody"):
        part = getattr(block, name, None)
        if isinstance(part, list):
            yield part
    yield [*getattr(block, "body", ()), *getattr(block, "orelse", ())] if isinstance(block, ast.Try) else []
