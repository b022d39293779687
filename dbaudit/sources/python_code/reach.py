"""How a function is reached each time anew: backwards over its calls, to a route, a task or a loop."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterator

from dbaudit.facts.code import CallPath, Per
from dbaudit.sources.python_code import loops
from dbaudit.sources.python_code.entries import Entries
from dbaudit.sources.python_code.origins import Project, parameters, provided_by
from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, is_deferred, qualified, scope

_DEEPEST = 8
_ONCE = re.compile(
    r"cache|singleton|memoi|\bonce\b|fixture|resource|on_event|before_first_request|before_serving|startup|_init\b|lazy",
    re.I,
)

Callers = dict[str, list[tuple[Module, ast.AST, ast.Call | None]]]


class Reach:
    """The calls between the functions of a project."""

    def __init__(self, project: Project, entries: Entries) -> None:
        self._project, self._entries = project, entries
        self._uses: dict[str, list[tuple[Module, ast.expr, ast.AST, ast.Call | None]]] = {}
        self._called: dict[str, Callers] = {}
        self._paths: dict[ast.AST, CallPath | None] = {}
        for module in project.modules.values():
            for call in module.calls:
                self._use(module, call.func, scope(call), call)
            for function in module.functions.values():
                self._dependencies(module, function)

    def path(self, module: Module, node: ast.AST, last: str) -> CallPath | None:
        """How a node is reached: from a request or a task if it is, otherwise from a loop around one of the calls.

        `last` is what the reader calls the node itself, the end of the path.
        """
        function = scope(node)
        if is_deferred(node):
            return None
        own = loops.per_row(node, module) if not is_kept(node, function) else None
        found = self._of_function(module, function)
        if own and (found is None or found.per is Per.ITERATION):
            return CallPath(per=Per.ITERATION, start=f"for each of {loops.text_of(own)}", steps=(last,))
        if found is None:
            return None
        return CallPath(per=found.per, start=found.start, steps=(*found.steps, last), is_certain=found.is_certain)

    def served(self, module: Module, node: ast.AST) -> CallPath | None:
        """How a function is reached from a request or a task, or None."""
        found = self._of_function(module, scope(node))
        return found if found and found.per is not Per.ITERATION else None

    def callers(self, module: Module, function: FunctionNode) -> Iterator[tuple[Module, ast.AST, ast.Call | None]]:
        """Where a function is called: the file, the function that calls it, and the call; None where a framework does."""
        owner = function.parent
        names = [function.name]
        if function.name in ("__init__", "__new__", "__enter__", "__aenter__") and isinstance(owner, ast.ClassDef):
            names = [owner.name]
        meant = f"{module.path}:{qualified(owner if names != [function.name] else function)}"
        for name in names:
            for use in self._by_origin(name).get(meant, ()):
                if use[1] is not function:
                    yield use

    def _by_origin(self, name: str) -> Callers:
        """Where something of this name is called, by what it is."""
        if name not in self._called:
            found: Callers = {}
            for home, callee, caller, call in self._uses.get(name, ()):
                found.setdefault(self._project.origin(callee, home), []).append((home, caller, call))
            self._called[name] = found
        return self._called[name]

    def _use(self, module: Module, callee: ast.expr, caller: ast.AST, call: ast.Call | None) -> None:
        name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
        if name:
            self._uses.setdefault(name, []).append((module, callee, caller, call))
            if isinstance(callee, ast.Name) and name in module.imports:
                original = module.imports[name].rpartition(".")[2]
                if original != name:
                    self._uses.setdefault(original, []).append((module, callee, caller, call))

    def _dependencies(self, module: Module, function: FunctionNode) -> None:
        providers = [
            provided_by(expression)
            for _, annotation, default in parameters(function)
            for expression in (default, self._project.alias(annotation, module))
        ]
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call):
                listed = [each.value for each in decorator.keywords if each.arg == "dependencies"]
                providers += [
                    provided_by(each) for value in listed if isinstance(value, ast.List) for each in value.elts
                ]
        for provider in filter(None, providers):
            self._use(self._project.module_of(provider), provider, function, None)

    def _of_function(self, module: Module, function: ast.AST) -> CallPath | None:
        if function not in self._paths:
            self._paths[function] = self._searched(module, function)
        return self._paths[function]

    def _searched(self, module: Module, function: ast.AST) -> CallPath | None:
        """The shortest path backwards; one from a loop only where there is no other."""
        queue = deque([(module, function, ())])
        seen = {function}
        from_loop = None
        while queue:
            home, node, steps = queue.popleft()
            if not isinstance(node, FunctionNode) or runs_once(node):
                continue
            entry = self._entries.of(node)
            here = (label(home, node), *steps)
            if entry:
                return CallPath(per=entry.per, start=entry.start, steps=here, is_certain=entry.is_certain)
            if len(here) > _DEEPEST:
                continue
            for caller_home, caller, call in self.callers(home, node):
                if call is not None and (is_deferred(call) or is_kept(call, caller)):
                    continue
                loop = loops.per_row(call, caller_home) if call is not None else None
                if (
                    loop
                    and from_loop is None
                    and not (_is_factory(node) and loops.uses(call, loops.derived_names(loop)))
                ):
                    start = f"for each of {loops.text_of(loop)}"
                    from_loop = CallPath(per=Per.ITERATION, start=start, steps=here)
                if caller not in seen:
                    seen.add(caller)
                    queue.append((caller_home, caller, here))
        return from_loop


def label(module: Module, function: ast.AST) -> str:
    """What a reader calls a function on a path."""
    return qualified(function) or module.name


def runs_once(function: FunctionNode) -> bool:
    """Whether a decorator keeps what a function returns, or calls it at start-up."""
    return any(_ONCE.search(ast.unparse(decorator)) for decorator in function.decorator_list) or function.name in (
        "lifespan",
        "__new__",
    )


def is_kept(node: ast.AST, function: ast.AST) -> bool:
    """Whether what a call gives is kept for the next time: in a global, or where a condition finds it missing.

    Flask's `g` is kept for one request only.
    """
    for outer in _statements(node, function):
        if isinstance(outer, ast.Assign | ast.AnnAssign):
            targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
            names = {ast.unparse(target) for target in targets}
            if names & _declared(function):
                return True
            if any(_is_lasting(target) for target in targets) and _is_guarded(outer, names, function):
                return True
    return False


def _statements(node: ast.AST, function: ast.AST) -> Iterator[ast.AST]:
    while node is not None and node is not function:
        yield node
        node = getattr(node, "parent", None)


def _declared(function: ast.AST) -> set[str]:
    return {name for node in inside(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}


def _is_lasting(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute | ast.Subscript) and not ast.unparse(target).startswith(
        ("g.", "flask.g.", "request.")
    )


def _is_guarded(statement: ast.AST, names: set[str], function: ast.AST) -> bool:
    """Whether an `if` around it, or one that returns before it, asks whether it is there already."""
    roots = {re.split(r"\[", name)[0] for name in names} | {name.rpartition(".")[2] for name in names}
    tests = [node.test for node in inside(function) if isinstance(node, ast.If)]
    return any(root and root in ast.unparse(test) for root in roots for test in tests)


def _is_factory(function: FunctionNode) -> bool:
    """Whether a function takes what it connects to as an argument."""
    return any(
        re.search(r"dsn|url|host|database|\bdb\b|conninfo|config|settings", argument.arg)
        for argument in function.args.args
    )
