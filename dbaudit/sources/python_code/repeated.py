"""Statements that a loop sends once an iteration."""

from __future__ import annotations

import ast
import re
from collections import Counter, deque
from collections.abc import Iterator

from dbaudit.facts.code import RepeatedQuery, Repeats
from dbaudit.sources.python_code import lazy, loops
from dbaudit.sources.python_code.entries import Entries
from dbaudit.sources.python_code.openings import function_name
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, is_deferred, parents, scope
from dbaudit.sources.python_code.queries import Query, query, statement_text
from dbaudit.sources.python_code.reach import Reach, label, runs_once

_DEEPEST = 2
# Rows that are worked off one by one are locked one by one.
_LOCKS = re.compile(r"select_for_update|with_for_update|for (no key )?update", re.IGNORECASE)


def repeated_queries(project: Project, reach: Reach, entries: Entries) -> Iterator[RepeatedQuery]:
    """Each such statement; where it is in a function that the loop calls, the call in the loop."""
    seen: Counter[tuple[str, str]] = Counter()
    others = lazy.references(project)
    for module in project.modules.values():
        for call in module.calls:
            found = None if is_deferred(call) else query(project, module, call)
            if found is None:
                continue
            for home, place, loop, steps in _in_loops(reach, entries, module, call, found):
                yield _row(reach, seen, home, place, loop, found, steps)
        for attribute, loop in lazy.loads(project, module, others):
            found = Query(repeats=Repeats.LAZY_LOAD, call=ast.unparse(attribute), values=())
            yield _row(reach, seen, module, attribute, loop, found, ())
        for call, loop in lazy.saves(project, module):
            found = Query(repeats=Repeats.WRITE, call=ast.unparse(call.func), values=())
            yield _row(reach, seen, module, call, loop, found, ())


def _row(
    reach: Reach,
    seen: Counter[tuple[str, str]],
    module: Module,
    place: ast.expr,
    loop: loops.Loop,
    found: Query,
    steps: tuple[str, ...],
) -> RepeatedQuery:
    function = function_name(module, place)
    seen[function, found.call] += 1
    return RepeatedQuery(
        repeats=found.repeats,
        call=found.call,
        over=loops.text_of(loop),
        loop=module.span(loops.source(loop)),
        function=function,
        span=module.span(place),
        number=seen[function, found.call],
        steps=steps,
        is_certain=found.is_certain,
        path=reach.served(module, place),
    )


def _in_loops(
    reach: Reach, entries: Entries, module: Module, call: ast.Call, found: Query
) -> Iterator[tuple[Module, ast.Call, loops.Loop, tuple[str, ...]]]:
    loop = _loop_of(module, call, found)
    if loop:
        yield module, call, loop, ()
        return
    if found.repeats is Repeats.COMMIT or not found.is_certain or _is_conditional(call, scope(call)):
        return
    queue = deque([(module, scope(call), found.values, ())])
    seen: set[ast.AST] = set()
    while queue:
        home, function, values, steps = queue.popleft()
        if not isinstance(function, FunctionNode) or function in seen or len(steps) >= _DEEPEST:
            continue
        seen.add(function)
        if runs_once(function) or entries.of(function) or not _depends_on_parameters(function, values):
            continue
        here = (label(home, function), *steps)
        for caller_home, caller, use in reach.callers(home, function):
            if use is None or is_deferred(use) or _is_conditional(use, caller):
                continue
            given = (*use.args, *(keyword.value for keyword in use.keywords))
            around = loops.per_row(use, caller_home)
            if around is None:
                queue.append((caller_home, caller, given, here))
            elif any(loops.uses(value, loops.derived_names(around)) for value in given):
                yield caller_home, use, around, here


def _loop_of(module: Module, call: ast.Call, found: Query) -> loops.Loop | None:
    """The loop that sends it once a row, with values of the row; None where nothing of it depends on the row."""
    loop = loops.per_row(call, module)
    if loop is None or _is_conditional(call, loop) or _is_pipelined(call) or _LOCKS.search(ast.unparse(call)):
        return None
    if found.repeats is Repeats.COMMIT:
        return loop if _adds(loop, call) else None
    if _is_the_statement_itself(call, loop, module):
        return None
    names = loops.derived_names(loop)
    return loop if any(loops.uses(value, names) for value in found.values) else None


def _is_the_statement_itself(call: ast.Call, loop: loops.Loop, module: Module) -> bool:
    """for statement in statements: cursor.execute(statement)"""
    first = call.args[0] if call.args else None
    return (
        isinstance(first, ast.Name)
        and first.id in loops.target_names(loop)
        and statement_text(first, module) is None
        and (isinstance(call.func, ast.Attribute) and call.func.attr not in ("get", "get_one"))
    )


def _is_conditional(node: ast.AST, end: ast.AST) -> bool:
    """Whether it runs for some rows only: what a cache misses, every thousandth row, after an error."""
    inner = node
    for outer in parents(node):
        if outer is end:
            return False
        if isinstance(outer, ast.ExceptHandler | ast.IfExp):
            return True
        if isinstance(outer, ast.If) and inner is not outer.test:
            return True
        inner = outer
    return False


def _is_pipelined(node: ast.AST) -> bool:
    return any(
        isinstance(outer, ast.With | ast.AsyncWith)
        and any(".pipeline(" in ast.unparse(item.context_expr) for item in outer.items)
        for outer in parents(node)
    )


def _adds(loop: loops.Loop, commit: ast.Call) -> bool:
    """Whether the loop gives the session one object an iteration, beside the commit."""
    if isinstance(loop, loops.Comprehension):
        return False
    session = ast.unparse(commit.func.value)
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("add", "merge", "delete", "execute")
        and ast.unparse(node.func.value) == session
        for statement in loop.body
        for node in inside(statement)
    )


def _depends_on_parameters(function: FunctionNode, values: tuple[ast.expr, ...]) -> bool:
    arguments = function.args
    names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)} - {"self", "cls"}
    return any(loops.uses(value, names) for value in values)
