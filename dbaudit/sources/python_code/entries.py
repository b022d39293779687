"""Which functions a framework calls for each request or each task."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass

from dbaudit.facts.code import Per
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import FunctionNode, Module, qualified

_METHODS = frozenset("get post put delete patch head options".split())
_ROUTES = _METHODS | frozenset(["route", "websocket", "api_route", "websocket_route"])
_HOOKS = frozenset(["before_request", "after_request", "teardown_request", "before_app_request"])
_REGISTERS = frozenset(
    ["add_api_route", "add_url_rule", "add_route", "Route", "path", "re_path", "url", "add_get", "add_post"]
)
_VIEW_BASES = re.compile(
    r"(flask\.views\.\w*View|flask_restful\.Resource|flask_restx\.Resource|django\.views\..*|rest_framework\.(views|generics|viewsets)\."
    r".*|tornado\.web\.RequestHandler|starlette\.endpoints\.HTTPEndpoint|aiohttp\.web\.View)"
)
_VIEW_METHODS = _METHODS | frozenset(
    "dispatch list retrieve create update partial_update destroy perform_create perform_update perform_destroy"
    " get_queryset get_object get_context_data form_valid prepare".split()
)
_VIEW_DECORATORS = re.compile(
    r"(rest_framework\.decorators\.(api_view|action)|django\.views\.decorators\..*"
    r"|django\.contrib\.auth\.decorators\.\w+)(\(\))?"
)
_TASK = re.compile(
    r"(celery\.shared_task|celery\.Celery\(\)\.task|dramatiq\.actor|rq\.decorators\.job|huey\.\w+\(\)\.(periodic_)?task)(\(\))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a function is called from outside: `start` is "GET /orders" or "the task send". `is_certain` as in CallPath."""

    per: Per
    start: str
    is_certain: bool = True


class Entries:
    """The routes, views and tasks of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._found: dict[ast.AST, Entry] = {}
        for module in project.modules.values():
            for call in module.calls:
                self._registered(module, call)
        for module in project.modules.values():
            for node in module.functions.values():
                entry = self._entry(module, node)
                if entry:
                    self._found.setdefault(node, entry)

    def __bool__(self) -> bool:
        return bool(self._found)

    def of(self, function: ast.AST) -> Entry | None:
        """What calls a function from outside, or None."""
        return self._found.get(function)

    def _registered(self, module: Module, call: ast.Call) -> None:
        """Views that are named in a table of routes: path("orders/", views.orders), add_url_rule("/orders", view_func=f)."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        route = _route(call)
        if name not in _REGISTERS or route is None:
            return
        if isinstance(call.func, ast.Name) and name in ("path", "re_path", "url", "Route"):
            if not self._project.origin(call.func, module).startswith(("django.", "starlette.")):
                return
        candidates = [
            *call.args[1:],
            *(keyword.value for keyword in call.keywords if keyword.arg in ("endpoint", "view_func", "view")),
        ]
        for candidate in candidates:
            if isinstance(candidate, ast.Name | ast.Attribute):
                found = self._project.function(self._project.origin(candidate, module))
                if found:
                    self._found.setdefault(found[1], Entry(per=Per.REQUEST, start=_shown(route)))

    def _entry(self, module: Module, node: FunctionNode) -> Entry | None:
        for decorator in node.decorator_list:
            entry = self._decorated(module, node, decorator)
            if entry:
                return entry
        owner = getattr(node, "parent", None)
        if isinstance(owner, ast.ClassDef):
            return self._view_method(module, owner, node)
        if self._looks_like_a_django_view(module, node):
            return Entry(per=Per.REQUEST, start=f"the view {node.name}", is_certain=False)
        return None

    def _decorated(self, module: Module, node: FunctionNode, decorator: ast.expr) -> Entry | None:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute):
            route = _route(decorator) if isinstance(decorator, ast.Call) else None
            if target.attr in _ROUTES and route is not None:
                method = target.attr.upper() if target.attr in _METHODS else _flask_methods(decorator)
                return Entry(per=Per.REQUEST, start=f"{method} {route or '/'}")
            if target.attr in _HOOKS:
                return Entry(per=Per.REQUEST, start=f"every request ({target.attr})")
            if target.attr == "middleware" and isinstance(decorator, ast.Call):
                return Entry(per=Per.REQUEST, start="every request (middleware)")
        origin = self._project.origin(target, module)
        if _TASK.fullmatch(origin):
            return Entry(per=Per.TASK, start=f"the task {node.name}")
        if (
            isinstance(target, ast.Attribute)
            and target.attr == "task"
            and "celery" in f"{origin} {ast.unparse(target)}".lower()
        ):
            return Entry(per=Per.TASK, start=f"the task {node.name}", is_certain=False)
        if _VIEW_DECORATORS.fullmatch(origin):
            return Entry(per=Per.REQUEST, start=f"the view {node.name}")
        return None

    def _view_method(self, module: Module, owner: ast.ClassDef, node: FunctionNode) -> Entry | None:
        if node.name in _VIEW_METHODS and any(map(_VIEW_BASES.fullmatch, self._project.bases(module, owner))):
            return Entry(per=Per.REQUEST, start=f"the view {qualified(node)}")
        if node.name == "__call__" and self._is_django_middleware(module, owner):
            return Entry(per=Per.REQUEST, start=f"every request ({owner.name})")
        return None

    def _is_django_middleware(self, module: Module, owner: ast.ClassDef) -> bool:
        init = module.functions.get(f"{qualified(owner)}.__init__")
        return init is not None and [each.arg for each in init.args.args[:2]] == ["self", "get_response"]

    def _looks_like_a_django_view(self, module: Module, node: FunctionNode) -> bool:
        if not node.args.args or node.args.args[0].arg != "request" or node.name.startswith("_"):
            return False
        in_views = os.path.basename(module.path) == "views.py" or "views" in module.name.split(".")
        return in_views and any(target.startswith("django.") for target in module.imports.values())


def _route(call: ast.Call) -> str | None:
    """The path that a call names, None where it names none: the first argument or `path`, a text."""
    given = (
        call.args[0]
        if call.args
        else next((each.value for each in call.keywords if each.arg in ("path", "rule")), None)
    )
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in ("path", "re_path", "url") or given.value.startswith("/") or given.value == "":
            return given.value
    return None


def _shown(route: str) -> str:
    return route if route.startswith(("/", "^")) else f"/{route}"


def _flask_methods(decorator: ast.expr) -> str:
    for keyword in getattr(decorator, "keywords", ()):
        if keyword.arg == "methods" and isinstance(keyword.value, ast.List | ast.Tuple):
            names = [each.value for each in keyword.value.elts if isinstance(each, ast.Constant)]
            return ", ".join(map(str, names)) or "GET"
    return "GET"
