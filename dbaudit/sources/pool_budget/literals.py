"""Numbers, texts and names in Python code, as far as they are written down in it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dbaudit.sources.pool_budget import numbers
from dbaudit.sources.pool_budget.found import Value

_LONGEST_SHOWN = 48
_DEEPEST = 8
# Calls that read a variable of the environment: the name is their first argument, the default their second or `default`.
_READERS = ("os.environ.get", "os.getenv", "environ.get", "getenv", "env.int", "env", "decouple.config", "config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file of Python: its tree, what its imports mean, and what its names stand for that are assigned only once."""

    path: str
    tree: ast.Module
    imports: Mapping[str, str]
    names: Mapping[str, ast.expr]

    def place(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def qualified(self, node: ast.AST) -> str:
        """`sqlalchemy.create_engine` for `sa.create_engine`, or an empty text for what is no dotted name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])

    def behind(self, node: ast.expr) -> ast.expr:
        """The expression that a name stands for, or the node itself."""
        for _ in range(_DEEPEST):
            if not (isinstance(node, ast.Name) and node.id in self.names):
                break
            node = self.names[node.id]
        return node


def parsed(text: str, path: str) -> Module:
    """Raises SyntaxError or ValueError for what is no Python, RecursionError for what is too deep."""
    tree = ast.parse(text)
    stored = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    )
    names = {
        target.id: value
        for statement in tree.body
        for target, value in _assigned(statement)
        if stored[target.id] == 1
    }
    return Module(path=path, tree=tree, imports=_imports(tree), names=names)


def _assigned(statement: ast.stmt) -> list[tuple[ast.Name, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(target, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target, statement.value)]
    return []


def _imports(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def number(module: Module, node: ast.expr, depth: int = 0) -> Value:
    """The number that an expression is: a literal, a name of one, or a variable of the environment."""
    place = module.place(node)
    node = module.behind(node)
    if isinstance(node, ast.Constant):
        if type(node.value) is int:
            return Value(value=node.value, place=place)
        if isinstance(node.value, str) and numbers.count(node.value) is not None:
            return Value(value=numbers.count(node.value), place=place)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and depth < _DEEPEST:
        inner = number(module, node.operand, depth + 1)
        if inner.value is not None and not inner.variable:
            return Value(value=-inner.value, place=place)
    if isinstance(node, ast.Call) and depth < _DEEPEST:
        if module.qualified(node.func) == "int" and len(node.args) == 1 and not node.keywords:
            return number(module, node.args[0], depth + 1)
        return _from_environment(module, node, place)
    if isinstance(node, ast.Subscript) and module.qualified(node.value) in ("os.environ", "environ"):
        name = text(module, node.slice)
        if name:
            return Value(place=place, variable=name)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2 and depth < _DEEPEST:
        first, default = (number(module, each, depth + 1) for each in node.values)
        if first.variable and first.value is None:
            return Value(value=default.value, place=place, variable=first.variable)
    return unknown(node, place)


def _from_environment(module: Module, call: ast.Call, place: str) -> Value:
    name = text(module, call.args[0]) if call.args else None
    if not name or module.qualified(call.func) not in _READERS:
        return unknown(call, place)
    defaults = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "default")]
    default = number(module, defaults[0], _DEEPEST).value if defaults else None
    return Value(value=default, place=place, variable=name)


def unknown(node: ast.AST, place: str) -> Value:
    """A number that the code works out."""
    shown = ast.unparse(node)
    shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + "…"
    return Value(place=place, reason=f"it is no literal number: {shown}")


def text(module: Module, node: ast.expr) -> str | None:
    """The text that an expression is, or the literal beginning of a formatted one; None for any other."""
    node = module.behind(node)
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def mapping(module: Module, node: ast.expr) -> dict[str, ast.expr] | None:
    """The items of a dict that is written down, with literal keys; None for any other."""
    node = module.behind(node)
    if isinstance(node, ast.Call) and module.qualified(node.func) == "dict" and not node.args:
        items = {keyword.arg: keyword.value for keyword in node.keywords}
        return None if None in items else {str(key): value for key, value in items.items()}
    if not isinstance(node, ast.Dict):
        return None
    found: dict[str, ast.expr] = {}
    for key, value in zip(node.keys, node.values):
        if key is None:
            inner = mapping(module, value)
            if inner is None:
                return None
            found |= inner
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = value
        else:
            return None
    return found


def keywords(module: Module, call: ast.Call) -> dict[str, ast.expr] | None:
    """The keyword arguments of a call, those of ** with a written dict included; None where ** hides some."""
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg:
            found[keyword.arg] = keyword.value
            continue
        inner = mapping(module, keyword.value)
        if inner is None:
            return None
        found |= inner
    return found
