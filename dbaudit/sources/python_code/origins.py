"""What a name in the source stands for, followed through imports, assignments, parameters and returned values.

An origin is a text: `psycopg2.connect` is that function, `psycopg2.connect()` what it returns, and
`psycopg2.connect().cursor()` a cursor of it. What the project defines itself is its file and qualified name behind a
colon: `app/db.py:Shop.order`. Nothing is run and nothing is imported; what cannot be followed is empty.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable

from dbaudit.sources.python_code.libraries import is_library
from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, qualified, scope

_DEEPEST = 12
_TRANSPARENT = ("self", "cls")


class Project:
    """Parsed files that import each other."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.path: module for module in modules}
        self._by_suffix: dict[str, list[Module]] = {}
        for module in self.modules.values():
            parts = module.name.split(".")
            for start in range(len(parts)):
                self._by_suffix.setdefault(".".join(parts[start:]), []).append(module)
        self._of_name: dict[tuple[str, int, str], str] = {}
        self._of_call: dict[str, str] = {}
        self._trees = {module.tree: module for module in self.modules.values()}

    def module_of(self, node: ast.AST) -> Module:
        """The file that a node stands in."""
        while (above := getattr(node, "parent", None)) is not None:
            node = above
        return self._trees[node]

    def function(self, origin: str) -> tuple[Module, FunctionNode] | None:
        """The function of the project that an origin names, or None."""
        path, _, name = origin.rpartition(":")
        module = self.modules.get(path)
        node = module.functions.get(name) if module else None
        return (module, node) if node else None

    def class_(self, origin: str) -> tuple[Module, ast.ClassDef] | None:
        """The class of the project that an origin names, or None."""
        path, _, name = origin.rpartition(":")
        module = self.modules.get(path)
        node = module.classes.get(name) if module else None
        return (module, node) if node else None

    def bases(self, module: Module, node: ast.ClassDef, depth: int = 0) -> list[str]:
        """The origins of all classes that a class derives from, as far as they are known."""
        found = []
        for base in node.bases:
            origin = self.origin(base, module)
            found.append(origin)
            parent = self.class_(origin)
            if parent and depth < _DEEPEST and parent[1] is not node:
                found += self.bases(*parent, depth + 1)
        return found

    def origin(self, expression: ast.expr, module: Module, depth: int = 0) -> str:
        """What an expression stands for, or empty."""
        if depth > _DEEPEST:
            return ""
        match expression:
            case ast.Name():
                return self._name(expression, module, depth)
            case ast.Attribute():
                return self._attribute(expression, module, depth)
            case ast.Call():
                return self._called(self.origin(expression.func, module, depth + 1), depth)
            case ast.Await() | ast.NamedExpr():
                return self.origin(expression.value, module, depth + 1)
            case ast.BoolOp():
                return self._first(expression.values, module, depth)
            case ast.IfExp():
                return self._first([expression.body, expression.orelse], module, depth)
        return ""

    def _first(self, expressions: Iterable[ast.expr], module: Module, depth: int) -> str:
        return next(filter(None, (self.origin(each, module, depth + 1) for each in expressions)), "")

    def _name(self, name: ast.Name, module: Module, depth: int) -> str:
        where = scope(name)
        key = (module.path, id(where), name.id)
        if key not in self._of_name:
            self._of_name[key] = ""  # what is defined by itself has no origin
            self._of_name[key] = self._looked_up(name.id, where, module, depth)
        return self._of_name[key]

    def _looked_up(self, name: str, where: ast.AST, module: Module, depth: int) -> str:
        while isinstance(where, FunctionNode):
            if name in _TRANSPARENT:
                owner = where.parent
                return f"{module.path}:{qualified(owner)}()" if isinstance(owner, ast.ClassDef) else ""
            bound = module.bindings.get(where, {}).get(name)
            if bound:
                return self._first(bound, module, depth)
            parameter = _parameter(where, name)
            if parameter:
                return self._parameter(parameter, module, depth)
            local = f"{qualified(where)}.{name}"
            if local in module.functions or local in module.classes:
                return f"{module.path}:{local}"
            where = scope(where)
        return self._symbol(module, name, depth)

    def _parameter(self, parameter: tuple[ast.expr | None, ast.expr | None], module: Module, depth: int) -> str:
        annotation, default = parameter
        for expression in (default, self.alias(annotation, module)):
            provider = provided_by(expression)
            if provider is not None:
                return self._called(self.origin(provider, self.module_of(provider), depth + 1), depth)
        annotation = _plain(self.alias(annotation, module))
        if annotation is None:
            return ""
        origin = self.origin(annotation, self.module_of(annotation), depth + 1)
        return f"{origin}()" if origin else ""

    def alias(self, annotation: ast.expr | None, module: Module, depth: int = 0) -> ast.expr | None:
        """The annotation that a name of the project stands for, as in `SessionDep = Annotated[Session, Depends(...)]`."""
        if not isinstance(annotation, ast.Name) or depth > 4:
            return annotation
        if values := module.bindings.get(module.tree, {}).get(annotation.id):
            return values[0] if isinstance(values[0], ast.Subscript) else annotation
        target = module.imports.get(annotation.id)
        found = self._find(target, module) if target else None
        if found and found[1] and "." not in found[1]:
            values = found[0].bindings.get(found[0].tree, {}).get(found[1], [])
            return next((value for value in values if isinstance(value, ast.Subscript)), annotation)
        return annotation

    def _symbol(self, module: Module, name: str, depth: int) -> str:
        if name in module.functions or name in module.classes:
            return f"{module.path}:{name}"
        if depth < _DEEPEST:
            bound = module.bindings.get(module.tree, {}).get(name)
            origin = self._first(bound, module, depth + 1) if bound else ""
            if origin:
                return origin
            if name in module.imports:
                return self._imported(module.imports[name], module, depth + 1)
            return self._global(module, name, depth)
        return ""

    def _global(self, module: Module, name: str, depth: int) -> str:
        """What a function gives to a name that it declares global."""
        for function, names in module.bindings.items():
            if name in names and isinstance(function, FunctionNode) and name in _globals(function):
                return self._first(names[name], module, depth + 1)
        return ""

    def _imported(self, target: str, module: Module, depth: int) -> str:
        found = self._find(target, module)
        if found is None:
            return target.lstrip(".")
        home, rest = found
        if not rest:
            return f"{home.path}:"
        first, _, more = rest.partition(".")
        origin = self._symbol(home, first, depth + 1)
        for attribute in filter(None, more.split(".")):
            origin = self._member(origin, attribute, depth + 1)
        return origin

    def _find(self, target: str, module: Module) -> tuple[Module, str] | None:
        """The file of the project that an imported dotted path leads to, and what of the path is left."""
        if not target.startswith(".") and is_library(target):
            return None
        parts = target.lstrip(".").split(".")
        for length in range(len(parts), 0, -1):
            homes = self._by_suffix.get(".".join(parts[:length]))
            if homes:
                nearest = max(homes, key=lambda home: len(os.path.commonprefix([home.path, module.path])))
                return nearest, ".".join(parts[length:])
        return None

    def _attribute(self, expression: ast.Attribute, module: Module, depth: int) -> str:
        if isinstance(expression.value, ast.Name):
            bound = module.bindings.get(scope(expression), {}).get(f"{expression.value.id}.{expression.attr}")
            origin = self._first(bound, module, depth + 1) if bound else ""
            if origin:
                return origin
        return self._member(self.origin(expression.value, module, depth + 1), expression.attr, depth + 1)

    def _member(self, base: str, attribute: str, depth: int) -> str:
        if not base or depth > _DEEPEST:
            return ""
        if base.endswith(":") and base[:-1] in self.modules:
            home = self.modules[base[:-1]]
            found = self._symbol(home, attribute, depth)
            return found or self._imported(f".{home.name}.{attribute}", home, depth + 1) if not found else found
        owner = self.class_(base.removesuffix("()"))
        if owner:
            return self._of_class(*owner, attribute, depth)
        return f"{base}.{attribute}"

    def _of_class(self, module: Module, node: ast.ClassDef, attribute: str, depth: int) -> str:
        name = f"{qualified(node)}.{attribute}"
        if name in module.functions:
            return f"{module.path}:{name}"
        bindings = module.bindings.get(node, {})
        for key in (f"self.{attribute}", f"cls.{attribute}"):
            origin = self._first(bindings.get(key, ()), module, depth + 1)
            if origin:
                return origin
        for statement in node.body:
            if isinstance(statement, ast.Assign) and any(_is_name(target, attribute) for target in statement.targets):
                return self.origin(statement.value, module, depth + 1)
        for base in node.bases:
            origin = self.origin(base, module, depth + 1)
            if origin and self.class_(origin) != (module, node):
                return self._member(f"{origin}()", attribute, depth + 1)
        return ""

    def _called(self, origin: str, depth: int) -> str:
        """What calling it gives."""
        if not origin:
            return ""
        function = self.function(origin)
        if function is None:
            return f"{origin}()"
        if origin not in self._of_call:
            self._of_call[origin] = ""
            module, node = function
            given = [each.value for each in inside(node) if isinstance(each, ast.Return | ast.Yield) and each.value]
            self._of_call[origin] = self._first(given, module, depth + 1)
        return self._of_call[origin]


def provided_by(expression: ast.expr | None) -> ast.expr | None:
    """The function in a default `Depends(function)` or an annotation `Annotated[type, Depends(function)]`."""
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Tuple):
        return next(filter(None, map(provided_by, expression.slice.elts[1:])), None)
    if isinstance(expression, ast.Call) and expression.args:
        name = (
            expression.func.attr if isinstance(expression.func, ast.Attribute) else getattr(expression.func, "id", "")
        )
        return expression.args[0] if name in ("Depends", "Security") else None
    return None


def parameters(function: FunctionNode) -> list[tuple[str, ast.expr | None, ast.expr | None]]:
    """Name, annotation and default of each parameter of a function."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = [*zip(positional, defaults), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
    return [(argument.arg, argument.annotation, default) for argument, default in pairs]


def _parameter(function: FunctionNode, name: str) -> tuple[ast.expr | None, ast.expr | None] | None:
    return next(((annotation, default) for own, annotation, default in parameters(function) if own == name), None)


def _plain(annotation: ast.expr | None) -> ast.expr | None:
    """The class of an annotation: the first of Annotated[...], Optional[...], `X | None`."""
    if isinstance(annotation, ast.Subscript):
        inner = annotation.slice
        return _plain(inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner)
    if isinstance(annotation, ast.BinOp):
        return _plain(annotation.left)
    return annotation if isinstance(annotation, ast.Name | ast.Attribute) else None


def _globals(function: ast.AST) -> set[str]:
    return {name for node in inside(function) if isinstance(node, ast.Global) for name in node.names}


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
