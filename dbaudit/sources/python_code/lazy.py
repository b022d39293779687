"""Attributes of a query's rows that send a query of their own, and rows that a loop saves one by one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dbaudit.sources.python_code import loops
from dbaudit.sources.python_code.libraries import Thing, canonical, thing
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import Module, inside, scope
from dbaudit.sources.python_code.queries import manager_class

_TO_ONE = frozenset(["ForeignKey", "OneToOneField"])
_DJANGO_EAGER = re.compile(r"select_related|prefetch_related|\.values\(|\.values_list\(|\.only\(|\.annotate\(")
_OPTIONS = re.compile(r"\boptions\(|joinedload|selectinload|subqueryload|contains_eager|\.join\(")
_OF_SET = frozenset(["all", "filter", "count", "exists", "first", "last", "exclude", "order_by"])


References = dict[str, list[tuple[Module, str, ast.Call]]]


def loads(project: Project, module: Module, others: References) -> Iterator[tuple[ast.expr, loops.Loop]]:
    """Each attribute of a loop's row that is loaded when it is read, once for each loop, and the loop.

    Django's ForeignKey without select_related, the set at its other end without prefetch_related; SQLAlchemy's relationship
    that is loaded the default way, without options. `others` are the project's `references`.
    """
    for loop in _row_loops(module):
        model, lazily = _rows_of(project, module, loop, others)
        if model is None:
            continue
        seen: set[str] = set()
        for node in _body(loop):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            if name in lazily and name not in seen and _is_row(node.value, loop) and _is_read(node, lazily[name]):
                seen.add(name)
                yield node, loop


def saves(project: Project, module: Module) -> Iterator[tuple[ast.Call, loops.Loop]]:
    """Each `row.save()` in a loop over a query of Django's, or of an object of a model made in the loop."""
    if not any(target.startswith("django.") for target in module.imports.values()):
        return
    for loop in _row_loops(module):
        if isinstance(loop, loops.Comprehension):
            continue
        for statement in loop.body:
            call = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "save":
                if _is_row(call.func.value, loop) and _queryset(project, module, loop) is not None:
                    yield call, loop


def _row_loops(module: Module) -> Iterator[loops.Loop]:
    for loop in module.loops:
        if isinstance(loop, ast.For | ast.AsyncFor):
            if loop.body and loops.per_row(loop.body[0], module) is loop:
                yield loop
        elif isinstance(loop, loops.Comprehension):
            inner = loop.elt if not isinstance(loop, ast.DictComp) else loop.value
            if loops.per_row(inner, module) is loop:
                yield loop


def _body(loop: loops.Loop) -> Iterator[ast.AST]:
    if isinstance(loop, loops.Comprehension):
        parts = [loop.key, loop.value] if isinstance(loop, ast.DictComp) else [loop.elt]
    else:
        parts = loop.body
    found = [node for part in parts for node in (part, *inside(part)) if isinstance(node, ast.Attribute)]
    yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _is_row(node: ast.expr, loop: loops.Loop) -> bool:
    return isinstance(node, ast.Name) and node.id in loops.target_names(loop)


def _is_read(node: ast.Attribute, how: str) -> bool:
    """`row.author.name` reads, `row.author = …` does not; a set is read by its methods, or by iterating it."""
    if not isinstance(node.ctx, ast.Load):
        return False
    if how == "set":
        return isinstance(node.parent, ast.Attribute) and node.parent.attr in _OF_SET
    return how == "relationship" or isinstance(node.parent, ast.Attribute)


def _rows_of(
    project: Project, module: Module, loop: loops.Loop, others: References
) -> tuple[str | None, dict[str, str]]:
    """The model whose rows are iterated, and how each attribute that is loaded when it is read is read."""
    if model := _queryset(project, module, loop):
        origin = project.origin(model, module)
        if _DJANGO_EAGER.search(_text(module, loop)) or _has_own_manager(project, origin):
            return None, {}
        return origin, _django_lazy(project, others, origin)
    model = _selected(project, module, loop)
    if model is None or _OPTIONS.search(_text(module, loop)):
        return None, {}
    origin = project.origin(model, module)
    return origin, _sqlalchemy_lazy(project, origin)


def _queryset(project: Project, module: Module, loop: loops.Loop) -> ast.expr | None:
    return next(filter(None, (manager_class(project, module, each) for each in _sources(module, loop))), None)


def _sources(module: Module, loop: loops.Loop) -> list[ast.expr]:
    """What is iterated, and what it was given where that is a name."""
    iterated = loops.source(loop)
    if (
        isinstance(iterated, ast.Call)
        and getattr(iterated.func, "id", "") in ("enumerate", "list", "sorted")
        and iterated.args
    ):
        iterated = iterated.args[0]
    if isinstance(iterated, ast.Name):
        return [iterated, *module.bindings.get(scope(loop), {}).get(iterated.id, ())]
    return [iterated]


def _text(module: Module, loop: loops.Loop) -> str:
    """The source of what is iterated, and of every name in it, one step back."""
    texts = []
    for expression in _sources(module, loop):
        texts.append(ast.unparse(expression))
        for node in ast.walk(expression):
            if isinstance(node, ast.Name):
                texts += [ast.unparse(each) for each in module.bindings.get(scope(loop), {}).get(node.id, ())]
    return "\n".join(texts)


def _has_own_manager(project: Project, origin: str) -> bool:
    found = project.class_(origin)
    return found is not None and any(
        isinstance(target, ast.Name) and target.id == "objects"
        for statement in found[1].body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    )


def _django_lazy(project: Project, others: References, origin: str) -> dict[str, str]:
    found = project.class_(origin)
    if found is None:
        return {}
    lazily = {name: "one" for name, call in _fields(found[1]) if _last_name(call) in _TO_ONE}
    for module, name, call in others.get(origin.rpartition(":")[2].rpartition(".")[2], ()):
        if _means(project, module, call.args[0], origin):
            related = next((each.value for each in call.keywords if each.arg == "related_name"), None)
            given = related.value if isinstance(related, ast.Constant) else None
            if related is None or isinstance(given, str):
                lazily[given or f"{name.lower()}_set"] = "set"
    return lazily


def _means(project: Project, module: Module, target: ast.expr, origin: str) -> bool:
    return isinstance(target, ast.Constant) or project.origin(target, module) == origin


def references(project: Project) -> References:
    """Django's foreign keys by the last name of the model that they point to: the file, the class, and the field."""
    found: References = {}
    for module in project.modules.values():
        for node in module.classes.values():
            for _, call in _fields(node):
                if _last_name(call) == "ForeignKey" and call.args:
                    found.setdefault(_target_name(call.args[0]), []).append((module, node.name, call))
    return found


def _target_name(target: ast.expr) -> str:
    if isinstance(target, ast.Constant):
        return str(target.value).rpartition(".")[2]
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _sqlalchemy_lazy(project: Project, origin: str) -> dict[str, str]:
    found = project.class_(origin)
    if found is None:
        return {}
    lazily = {}
    for name, call in _fields(found[1]):
        made = canonical(project.origin(call.func, found[0]))
        how = next((each.value for each in call.keywords if each.arg == "lazy"), None)
        is_default = how is None or (isinstance(how, ast.Constant) and how.value in ("select", True))
        if made in ("sqlalchemy.relationship", "flask_sqlalchemy.SQLAlchemy().relationship") and is_default:
            lazily[name] = "relationship"
    return lazily


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.Call]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name):
                yield target.id, statement.value


def _last_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _selected(project: Project, module: Module, loop: loops.Loop) -> ast.expr | None:
    """The one model of session.query(Model) or of session.scalars(select(Model)), not in an asynchronous session."""
    for expression in _sources(module, loop):
        calls = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
        if any(isinstance(node, ast.Await) for node in ast.walk(expression)) or isinstance(loop, ast.AsyncFor):
            continue
        for call in calls:
            if (
                not isinstance(call.func, ast.Attribute)
                or thing(project.origin(call.func.value, module)) is not Thing.SESSION
            ):
                continue
            if call.func.attr == "query" and len(call.args) == 1:
                return call.args[0]
            if call.func.attr in ("scalars", "execute") and call.args and "scalars" in ast.unparse(expression):
                inner = [each for each in ast.walk(call.args[0]) if isinstance(each, ast.Call)]
                for each in inner:
                    if canonical(project.origin(each.func, module)) == "sqlalchemy.select" and len(each.args) == 1:
                        return each.args[0]
    return None
