"""Loops: which run as often as there are rows, and which only a few times, once a batch, or until it works."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dbaudit.sources.python_code.parsing import FunctionNode, Module, inside, parents, scope

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Loop = ast.For | ast.AsyncFor | Comprehension

_FILLS = frozenset(["append", "extend", "add", "update", "insert", "setdefault"])
# So many constants in a row are still a list that a person wrote.
_FEW = 20
_BATCHES = re.compile(r"batch|chunk|slice|page|partition|shard|grouper|window", re.IGNORECASE)
_PLACES = re.compile(
    r"(^|_)(dbs?|databases?|hosts?|dsns?|urls?|servers?|schemas?|tables?|models?|tenants?|shards?|engines?|migrations?|queries|statements|sql|commands?)$",
    re.IGNORECASE,
)


def around(node: ast.AST) -> Iterator[Loop]:
    """The loops that run a node once an iteration, from the inside out, within its function."""
    inner = node
    for outer in parents(node):
        if isinstance(outer, FunctionNode | ast.Lambda | ast.ClassDef):
            return
        if isinstance(outer, ast.For | ast.AsyncFor) and inner in outer.body:
            yield outer
        elif isinstance(outer, Comprehension) and _is_repeated(outer, inner):
            yield outer
        inner = outer


def per_row(node: ast.AST, module: Module) -> Loop | None:
    """The innermost loop around a node that runs it for each of many rows; None where there is none.

    A loop over a few constants, a range of a few, batches, databases or schemas, and one that tries again until it works,
    is none.
    """
    for loop in around(node):
        if not (_is_few(loop, module) or _is_batch(loop) or _tries_again(loop, node)):
            return loop
    return None


def source(loop: Loop) -> ast.expr:
    """What is iterated."""
    return loop.generators[0].iter if isinstance(loop, Comprehension) else loop.iter


def target_names(loop: Loop) -> set[str]:
    """The names that a loop gives its items."""
    targets = [each.target for each in loop.generators] if isinstance(loop, Comprehension) else [loop.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def derived_names(loop: Loop) -> set[str]:
    """The names that a loop gives its items, and those that its body makes from them."""
    names = target_names(loop)
    if isinstance(loop, Comprehension):
        return names
    for _ in range(3):
        before = len(names)
        for statement in loop.body:
            for node in (statement, *inside(statement)):
                if (
                    isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)
                    and node.value
                    and uses(node.value, names)
                ):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
        if len(names) == before:
            break
    return names


def uses(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression has one of these names in it."""
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def text_of(loop: Loop) -> str:
    """What a loop iterates, as a reader finds it in the source, cut to a line."""
    text = re.sub(r"\s+", " ", ast.unparse(source(loop)))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_repeated(comprehension: Comprehension, inner: ast.AST) -> bool:
    """Whether a part of a comprehension runs for each item: all but the first `in …`, which stands in `generators`."""
    return not isinstance(inner, ast.comprehension) or inner is not comprehension.generators[0]


def _is_few(loop: Loop, module: Module) -> bool:
    return _is_constant(source(loop), module, loop)


def _is_constant(iterated: ast.expr, module: Module, where: ast.AST, depth: int = 0) -> bool:
    match iterated:
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return len(elements) <= _FEW and not any(isinstance(each, ast.Starred) for each in elements)
        case ast.Dict(keys=keys):
            return len(keys) <= _FEW and None not in keys
        case ast.Constant():
            return True
        case ast.Call(func=ast.Name(id="range"), args=arguments):
            return all(isinstance(each, ast.Constant) for each in arguments) and _last(arguments) <= _FEW
        case ast.Call(
            func=ast.Name(id="enumerate" | "sorted" | "reversed" | "zip" | "list" | "tuple" | "set"), args=[first, *_]
        ):
            return _is_constant(first, module, where, depth)
        case ast.Call(func=ast.Attribute(value=inner, attr="items" | "keys" | "values")):
            return _is_constant(inner, module, where, depth)
        case ast.Name(id=name):
            return _is_constant_name(name, module, where, depth)
        case ast.Attribute(attr=name):
            return name.isupper()
    return False


def _is_constant_name(name: str, module: Module, where: ast.AST, depth: int) -> bool:
    if name.isupper():
        return True
    own = module.bindings.get(scope(where), {}).get(name)
    values = own or module.bindings.get(module.tree, {}).get(name, [])
    if not values or depth > 2 or own and _grows(name, scope(where), module):
        return False
    return all(_is_constant(value, module, where, depth + 1) for value in values)


def _grows(name: str, function: ast.AST, module: Module) -> bool:
    """Whether a list is filled after it was made: rows = [], rows.append(row)."""
    if function not in module.grown:
        module.grown[function] = frozenset(
            node.value.id
            for node in inside(function)
            if isinstance(node, ast.Attribute) and node.attr in _FILLS and isinstance(node.value, ast.Name)
        )
    return name in module.grown[function]


def _last(arguments: list[ast.expr]) -> float:
    stop = arguments[0] if len(arguments) == 1 else arguments[1] if len(arguments) > 1 else None
    return stop.value if isinstance(stop, ast.Constant) and isinstance(stop.value, int | float) else float("inf")


def _is_batch(loop: Loop) -> bool:
    iterated = source(loop)
    if isinstance(iterated, ast.Call) and getattr(iterated.func, "id", "") == "range":
        if len(iterated.args) == 3 or isinstance(iterated.args[0], ast.Name | ast.Attribute | ast.Constant):
            return True
    names = [node.id for node in ast.walk(iterated) if isinstance(node, ast.Name)]
    names += [node.attr for node in ast.walk(iterated) if isinstance(node, ast.Attribute)]
    return any(_BATCHES.search(name) or _PLACES.search(name) for name in [*names, *target_names(loop)])


def _tries_again(loop: Loop, node: ast.AST) -> bool:
    """A loop that is left as soon as it worked: a `try` in it, and a break or a return behind the call."""
    if isinstance(loop, Comprehension):
        return False
    ends = any(
        isinstance(each, ast.Break | ast.Return) for statement in loop.body for each in (statement, *inside(statement))
    )
    within_try = any(isinstance(outer, ast.Try) and outer.handlers for outer in _up_to(node, loop))
    return ends and within_try


def _up_to(node: ast.AST, end: ast.AST) -> Iterator[ast.AST]:
    for outer in parents(node):
        if outer is end:
            return
        yield outer
