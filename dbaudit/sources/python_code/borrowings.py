"""Connections and sessions that a function takes and does not give back for certain."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from dbaudit.facts.code import Borrowed, Return
from dbaudit.sources.python_code.libraries import Thing, canonical, library, thing
from dbaudit.sources.python_code.openings import called, function_name, is_migration
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, is_deferred, parents, qualified, scope
from dbaudit.sources.python_code.reach import Reach

_GIVE_BACK = frozenset(
    [
        "putconn",
        "release",
        "close",
        "aclose",
        "closing",
        "aclosing",
        "enter_context",
        "enter_async_context",
        "push",
        "remove",
    ]
)
_RUN_ONCE = re.compile(r"(^|\.)(main|cli|run|_?main_?async|amain|__main__|handle)$")


def borrowings(project: Project, reach: Reach) -> Iterator[Borrowed]:
    """What is taken in a function, is neither returned nor kept anywhere, and is not given back on every path.

    What a script's main function or a module takes goes with the process, and is left out.
    """
    for module in project.modules.values():
        if is_migration(module):
            continue
        seen: Counter[tuple[str, str]] = Counter()
        for call in module.calls:
            function = scope(call)
            if not isinstance(function, FunctionNode) or is_deferred(call) or _RUN_ONCE.search(qualified(function)):
                continue
            variable = _variable(call)
            if not variable or not isinstance(call.func, ast.Name | ast.Attribute):
                continue
            origin = project.origin(call, module)
            what = _taken(project, module, call, origin)
            given_back = _given_back(function, call, variable, origin) if what else None
            if given_back is None:
                continue
            path = reach.served(module, call)
            name = called(origin.removesuffix("()"))
            place = function_name(module, call)
            seen[place, name] += 1
            yield Borrowed(
                library=library(origin),
                call=_shown(name),
                what=what,
                variable=variable,
                given_back=given_back,
                function=place,
                span=module.span(call),
                number=seen[place, name],
                path=path,
                is_handed_on=_is_handed_on(function, variable),
            )


def _shown(name: str) -> str:
    """`create_engine().connect` is engine.connect to a reader, and a session maker's call is Session."""
    for made, short in (
        (r".*sessionmaker\(\)", "Session"),
        (r".*engine(_from_config)?\(\)\.", "engine."),
        (r".*(?:Pool|create_pool)\(\)\.", "pool."),
    ):
        name = re.sub(rf"^{made}", short, name)
    return name


def _taken(project: Project, module: Module, call: ast.Call, origin: str) -> str:
    """What a call takes for its caller to give back: a connection or a session; empty for anything else."""
    found = thing(origin)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if found is Thing.CONNECTION:
        if method in ("getconn", "acquire", "connect", "raw_connection") or canonical(origin).endswith(".connect()"):
            return "connection"
    is_maker = thing(project.origin(call.func, module)) is Thing.SESSION_MAKER
    is_class = canonical(origin) in ("sqlalchemy.Session()", "sqlalchemy.AsyncSession()")
    return "session" if found is Thing.SESSION and (is_maker or is_class) else ""


def _variable(call: ast.Call) -> str:
    """The name that a call is given to, alone or by `with … as`; empty where it is used in place."""
    node: ast.AST = call
    while isinstance(node.parent, ast.Await):
        node = node.parent
    holder = node.parent
    if isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name):
        return holder.targets[0].id
    if isinstance(holder, ast.AnnAssign) and isinstance(holder.target, ast.Name):
        return holder.target.id
    if isinstance(holder, ast.withitem) and isinstance(holder.optional_vars, ast.Name):
        return holder.optional_vars.id
    return ""


def _given_back(function: FunctionNode, call: ast.Call, variable: str, origin: str) -> Return | None:
    """How far it is given back; None where it is on every path, or where somebody else has it then."""
    leaves_open = library(origin) == "psycopg2"
    in_with = isinstance(call.parent, ast.withitem) or isinstance(call.parent.parent, ast.withitem)
    if in_with and not leaves_open:
        return None
    uses = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == variable and not _is_store(node)
    ]
    if any(_escapes(node, function) for node in uses) or _is_declared(function, variable):
        return None
    withs = [node for node in uses if isinstance(node.parent, ast.withitem)]
    if withs and not leaves_open:
        return None
    ends = [node for node in uses if _gives_back(node)]
    if not ends:
        return Return.WITH_DOES_NOT_CLOSE if in_with or withs else Return.NEVER
    if any(_is_certain(node, function) for node in ends) or _closes_on_error(ends, function):
        return None
    return Return.NOT_ON_ERROR


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _is_declared(function: FunctionNode, variable: str) -> bool:
    return any(isinstance(node, ast.Global | ast.Nonlocal) and variable in node.names for node in inside(function))


def _escapes(node: ast.Name, function: FunctionNode) -> bool:
    """Whether the object itself is returned, yielded, stored, or known to a function defined here."""
    if scope(node) is not function or is_deferred(node):
        return True
    parent = node.parent
    while isinstance(
        parent, ast.Tuple | ast.List | ast.Dict | ast.Starred | ast.Await | ast.IfExp | ast.BoolOp | ast.keyword
    ):
        if isinstance(parent, ast.keyword):
            break
        node, parent = parent, parent.parent
    if isinstance(parent, ast.Attribute):
        return not _is_called(parent) and parent.attr in ("close", "aclose")
    if isinstance(parent, ast.Call) and node is not parent.func:
        name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
        return (
            name in ("append", "add", "put", "put_nowait", "setdefault", "register", "callback", "addfinalizer")
            or name[:1].isupper()
        )
    if isinstance(parent, ast.keyword):
        callee = parent.parent.func if isinstance(parent.parent, ast.Call) else None
        name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
        return name[:1].isupper()
    return isinstance(parent, ast.Return | ast.Yield | ast.YieldFrom | ast.Assign | ast.AnnAssign | ast.NamedExpr)


def _is_called(attribute: ast.Attribute) -> bool:
    return isinstance(attribute.parent, ast.Call) and attribute.parent.func is attribute


def _gives_back(node: ast.Name) -> bool:
    parent = node.parent
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("close", "aclose") and _is_called(parent)
    if isinstance(parent, ast.Call) and node in parent.args:
        name = parent.func.attr if isinstance(parent.func, ast.Attribute) else getattr(parent.func, "id", "")
        return name in _GIVE_BACK or any(
            word in name.lower() for word in ("close", "release", "putconn", "return_", "dispose")
        )
    return False


def _is_certain(node: ast.AST, function: FunctionNode) -> bool:
    """Whether it stands in a `finally`, or is what a `with closing(...)` or an exit stack closes."""
    inner = node
    for outer in parents(node):
        if outer is function:
            return False
        if isinstance(outer, ast.Try | ast.TryStar) and inner in outer.finalbody:
            return True
        if isinstance(outer, ast.withitem):
            return True
        if isinstance(outer, ast.Call) and getattr(outer.func, "attr", "") in (
            "enter_context",
            "enter_async_context",
            "push",
        ):
            return True
        inner = outer
    return False


def _closes_on_error(ends: list[ast.Name], function: FunctionNode) -> bool:
    def in_handler(node: ast.AST) -> bool:
        return any(isinstance(outer, ast.ExceptHandler) for outer in parents(node) if outer is not function)

    return any(map(in_handler, ends)) and not all(map(in_handler, ends))


def _is_handed_on(function: FunctionNode, variable: str) -> bool:
    return any(
        isinstance(node, ast.Call)
        and any(
            isinstance(each, ast.Name) and each.id == variable
            for each in (*node.args, *(k.value for k in node.keywords))
        )
        and not any(_gives_back(each) for each in node.args if isinstance(each, ast.Name) and each.id == variable)
        for node in inside(function)
    )
