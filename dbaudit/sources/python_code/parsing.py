"""One Python file as a tree whose nodes know their parents, with what a reader of it looks up by name."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from dbaudit.finding import Span

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
# Python itself walks a tree by recursion, some frames a level, when it turns an expression back into text.
_DEEPEST = 200
_LINE = re.compile(r"\r\n|\r|\n")
_POOLER = re.compile(rb"pgbouncer|pgcat|odyssey|supavisor|rds.?proxy|\bpooler\b|\b6432\b", re.IGNORECASE)
_CLOUD_FUNCTION = re.compile(rb"\blambda_handler\b|\bmangum\b|functions_framework", re.IGNORECASE)
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "manage.py", "requirements.txt", ".git")


@dataclass
class Module:
    """A parsed file. `name` is its dotted path from the project's root.

    `functions` and `classes` are by qualified name ("Shop.order", "create_app.index"), `imports` are the absolute dotted
    paths of imported names. `bindings` are what names are given, by function, and `self.x` by class; `grown` the names of
    the lists that a function fills, once somebody asked.
    """

    path: str
    name: str
    data: bytes
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    bindings: dict[ast.AST, dict[str, list[ast.expr]]] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)
    loops: list[ast.AST] = field(default_factory=list)
    grown: dict[ast.AST, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[str]:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(self.data).readline)
        return _LINE.split(self.data.decode(encoding, "replace"))

    @cached_property
    def has_pooler(self) -> bool:
        return _POOLER.search(self.data) is not None

    @cached_property
    def is_cloud_function(self) -> bool:
        return _CLOUD_FUNCTION.search(self.data) is not None

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node stands; Python counts columns in bytes of UTF-8, and we in characters."""
        return Span(
            path=self.path,
            line=node.lineno,
            column=self._column(node.lineno, node.col_offset),
            end_line=node.end_lineno,
            end_column=self._column(node.end_lineno, node.end_col_offset),
        )

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "replace")[:offset].decode("utf-8", "replace")) + 1


def parse(path: str, data: bytes, name: str) -> Module:
    """The module of these bytes. Raises SyntaxError, or ValueError, RecursionError, MemoryError as ast.parse does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(data, path)
    module = Module(path=path, name=name, data=data, tree=tree)
    _index(module)
    return module


def module_name(path: str) -> str:
    """The dotted path of a file from the nearest directory above it that looks like a project's root."""
    folder, file = os.path.split(os.path.abspath(path))
    parts = [] if file == "__init__.py" else [file.removesuffix(".py")]
    while not _is_root(folder) and os.path.dirname(folder) != folder:
        folder, last = os.path.split(folder)
        parts.insert(0, last)
    if os.path.dirname(folder) == folder:
        return file.removesuffix(".py")
    return ".".join(parts)


@cache
def _is_root(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, mark)) for mark in _ROOT_MARKS)


def parents(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes around a node, from the inside out, up to the module."""
    while (node := getattr(node, "parent", None)) is not None:
        yield node


def scope(node: ast.AST) -> ast.AST:
    """The function that a node runs in, or the module. A decorator or a default runs where its function is defined."""
    return getattr(node, "scope", node)


def is_deferred(node: ast.AST) -> bool:
    """Whether a node stands in a lambda: it runs when somebody calls that, if ever."""
    for outer in parents(node):
        if isinstance(outer, ast.Lambda):
            return True
        if isinstance(outer, FunctionNode):
            return False
    return False


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below a node, without those of functions defined in it."""
    stack = list(_children(node))
    while stack:
        child = stack.pop()
        yield child
        if not isinstance(child, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(_children(child))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """As ast.iter_child_nodes, without the contexts and operators, which say nothing here."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for each in value:
                if isinstance(each, ast.AST):
                    yield each
        elif isinstance(value, ast.AST) and value._fields:
            yield value


def last_name(callee: ast.expr, module: Module) -> str:
    """The last part of what is called, by the name that its own module gives it; empty for what has no name."""
    if isinstance(callee, ast.Attribute):
        return callee.attr
    if isinstance(callee, ast.Name):
        return module.imports.get(callee.id, callee.id).rpartition(".")[2]
    return ""


def qualified(node: ast.AST) -> str:
    """The qualified name of a function or class within its module, without `<locals>`; empty for the module."""
    names = [node.name] if isinstance(node, FunctionNode | ast.ClassDef) else []
    names += [outer.name for outer in parents(node) if isinstance(outer, FunctionNode | ast.ClassDef)]
    return ".".join(reversed(names))


def _is_head(function: FunctionNode, child: ast.AST) -> bool:
    return child is function.args or child is function.returns or child in function.decorator_list


def _index(module: Module) -> None:
    module.tree.scope = module.tree
    stack: list[tuple[ast.AST, ast.AST, str, int]] = [(module.tree, module.tree, "", 0)]
    while stack:
        node, function, prefix, depth = stack.pop()
        if depth > _DEEPEST:
            raise RecursionError
        is_function = isinstance(node, FunctionNode)
        for child in _children(node):
            child.parent = node
            child.scope = function.scope if is_function and _is_head(node, child) else function
            _note(module, child, prefix)
            if isinstance(child, FunctionNode):
                stack.append((child, child, f"{prefix}{child.name}.", depth + 1))
            elif isinstance(child, ast.ClassDef):
                stack.append((child, child.scope, f"{prefix}{child.name}.", depth + 1))
            elif not isinstance(child, ast.Name | ast.Constant):
                stack.append((child, child.scope, prefix, depth + 1))
    module.calls.sort(key=lambda call: (call.lineno, call.col_offset))


def _note(module: Module, node: ast.AST, prefix: str) -> None:
    match node:
        case ast.Name() | ast.Constant() | ast.Attribute():
            pass
        case ast.Call():
            module.calls.append(node)
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() | ast.withitem():
            _bind(module, node, node.scope)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            module.functions.setdefault(f"{prefix}{node.name}", node)
        case ast.ClassDef():
            module.classes.setdefault(f"{prefix}{node.name}", node)
        case ast.Import() | ast.ImportFrom():
            _import(module, node)
        case _ if isinstance(node, _LOOPS):
            module.loops.append(node)


_LOOPS = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def _bind(module: Module, node: ast.AST, function: ast.AST) -> None:
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value:
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.withitem) and node.optional_vars:
        pairs = [(node.optional_vars, node.context_expr)]
    else:
        return
    for target, value in pairs:
        if isinstance(target, ast.Name):
            module.bindings.setdefault(function, {}).setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            name = f"{target.value.id}.{target.attr}"
            module.bindings.setdefault(_class_of(function), {}).setdefault(name, []).append(value)


def _class_of(function: ast.AST) -> ast.AST:
    return next((outer for outer in parents(function) if isinstance(outer, ast.ClassDef)), function)


def _import(module: Module, node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            module.imports[name] = alias.name if alias.asname else name
        return
    base = node.module or ""
    if node.level:
        package = module.name.split(".")
        if os.path.basename(module.path) != "__init__.py":
            package = package[:-1]
        package = package[: len(package) - (node.level - 1)]
        base = "." + ".".join([*package, *filter(None, [base])])
    for alias in node.names:
        module.imports[alias.asname or alias.name] = f"{base}.{alias.name}" if base != "." else f".{alias.name}"
