"""Which calls send a statement to PostgreSQL, and of which kind."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from dbaudit.facts.code import Repeats
from dbaudit.sources.python_code.libraries import Thing, canonical, thing
from dbaudit.sources.python_code.origins import Project
from dbaudit.sources.python_code.parsing import Module, scope

_EXECUTES = frozenset(["execute", "fetch", "fetchrow", "fetchval", "scalar", "scalars"])
_READS_ONE = frozenset(["first", "one", "one_or_none", "all", "count", "scalar", "scalar_one", "scalars"])
_OF_MANAGER = {
    **dict.fromkeys(["get", "first", "last", "count", "exists", "aggregate", "latest", "earliest"], Repeats.QUERY),
    **dict.fromkeys(["create", "get_or_create", "update_or_create", "update", "delete"], Repeats.WRITE),
}
_SENDS = _EXECUTES | _READS_ONE | _OF_MANAGER.keys() | {"get_one", "commit"}
_CONSTRUCTS = {
    "sqlalchemy.select": Repeats.QUERY,
    "sqlalchemy.insert": Repeats.WRITE,
    "sqlalchemy.update": Repeats.WRITE,
    "sqlalchemy.delete": Repeats.WRITE,
}
_VERB = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([a-z]+)", re.IGNORECASE | re.DOTALL)
_VERBS = {
    **dict.fromkeys(["select", "with", "values", "table"], Repeats.QUERY),
    **dict.fromkeys(["insert", "update", "delete", "merge"], Repeats.WRITE),
}
_BY_NAME = re.compile(r"(^|_)(cur|cursor|conn|connection|session)$")
_OTHER_DATABASES = re.compile(
    r"^(sqlite3|aiosqlite|MySQLdb|pymysql|mysql|clickhouse\w*|duckdb|snowflake|oracledb|cx_Oracle|pyodbc|cassandra|trino|pyhive|mongoengine)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A statement that a call sends. `values` are the expressions it depends on; `is_certain` as in RepeatedQuery."""

    repeats: Repeats
    call: str
    values: tuple[ast.expr, ...]
    is_certain: bool = True


def query(project: Project, module: Module, call: ast.Call) -> Query | None:
    """The statement that a call sends, or None: no database that is known, no row, or nothing that is read here."""
    if not isinstance(call.func, ast.Attribute):
        return _shortcut(project, module, call)
    method, receiver = call.func.attr, call.func.value
    if method not in _SENDS:
        return None
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    found = thing(project.origin(receiver, module))
    name = f"{_shown(receiver)}.{method}"
    if found in (Thing.CONNECTION, Thing.CURSOR, Thing.SESSION, Thing.POOL) and method in _EXECUTES:
        return _executed(project, module, call, name, is_certain=True)
    if found is Thing.SESSION and method in ("get", "get_one") and len(call.args) >= 2:
        return Query(repeats=Repeats.QUERY, call=name, values=values)
    if found is Thing.SESSION and method == "commit":
        return Query(repeats=Repeats.COMMIT, call=name, values=())
    if method in _READS_ONE and _queries_session(project, module, receiver):
        return Query(repeats=Repeats.QUERY, call=f"{_shown(receiver)}.{method}", values=(receiver, *values))
    if method in _OF_MANAGER and manager_class(project, module, receiver):
        return Query(repeats=_OF_MANAGER[method], call=name, values=(receiver, *values))
    if method in _EXECUTES and _is_called_like_one(project, module, receiver):
        return _executed(project, module, call, name, is_certain=False)
    return None


def manager_class(project: Project, module: Module, expression: ast.expr) -> ast.expr | None:
    """The model in `Model.objects.filter(...)...`, where the file is one of Django's; None for anything else."""
    while isinstance(expression, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(expression, ast.Attribute) and expression.attr == "objects":
            return expression.value if _is_django(project, module, expression.value) else None
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return None


def model_bases(project: Project, origin: str) -> tuple[str, ...]:
    """The origins of what a model derives from; none for what is no class of the project."""
    found = project.class_(origin)
    return tuple(project.bases(*found)) if found else ()


def _is_django(project: Project, module: Module, model: ast.expr) -> bool:
    bases = model_bases(project, project.origin(model, module))
    if bases:
        return any(base.startswith("django.") for base in bases)
    targets = module.imports.values()
    return any(target.startswith("django.") for target in targets) and not any(map(_OTHER_DATABASES.match, targets))


def _shortcut(project: Project, module: Module, call: ast.Call) -> Query | None:
    if isinstance(call.func, ast.Name) and call.func.id in ("get_object_or_404", "aget_object_or_404"):
        if project.origin(call.func, module).startswith("django.shortcuts."):
            values = (*call.args, *(keyword.value for keyword in call.keywords))
            return Query(repeats=Repeats.QUERY, call=call.func.id, values=values)
    return None


def _executed(project: Project, module: Module, call: ast.Call, name: str, *, is_certain: bool) -> Query | None:
    if not call.args:
        return None
    statement = call.args[0]
    kind = _kind(project, module, statement)
    if kind is None:
        return None
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    return Query(repeats=kind, call=name, values=values, is_certain=is_certain)


def _kind(project: Project, module: Module, statement: ast.expr) -> Repeats | None:
    """Reads or writes, by the first word of the text or the constructor of the expression; None for anything else."""
    text = statement_text(statement, module)
    if text is not None:
        verb = _VERB.match(text)
        return _VERBS.get(verb.group(1).lower()) if verb else None
    node = statement
    if isinstance(node, ast.Name):
        node = next(iter(module.bindings.get(scope(node), {}).get(node.id, ())), node)
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call):
            kind = _CONSTRUCTS.get(
                canonical(project.origin(node.func, module)).replace("sqlalchemy.sql.", "sqlalchemy.")
            )
            if kind:
                return kind
            node = node.func
        else:
            node = node.value
    return None


def statement_text(statement: ast.expr, module: Module, depth: int = 0) -> str | None:
    """The text of a statement as far as it is written out: a literal, text("…"), sql.SQL("…").format(…); None without."""
    match statement:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.BinOp(left=left):
            return statement_text(left, module, depth)
        case ast.Call(func=ast.Attribute(value=inner, attr="format" | "strip" | "bindparams" | "as_string")):
            return statement_text(inner, module, depth)
        case ast.Call(
            func=ast.Name(id="text" | "SQL" | "dedent") | ast.Attribute(attr="text" | "SQL" | "dedent"),
            args=[first, *_],
        ):
            return statement_text(first, module, depth)
        case ast.Name(id=name) if depth < 3:
            bound = module.bindings.get(scope(statement), {}).get(name) or module.bindings.get(module.tree, {}).get(
                name, ()
            )
            return next((text for each in bound if (text := statement_text(each, module, depth + 1)) is not None), None)
    return None


def _queries_session(project: Project, module: Module, receiver: ast.expr) -> bool:
    """Whether it is a chain that begins with session.query(…), or with a model's `query` of Flask-SQLAlchemy."""
    while isinstance(receiver, ast.Call | ast.Attribute):
        if (
            isinstance(receiver, ast.Call)
            and isinstance(receiver.func, ast.Attribute)
            and receiver.func.attr == "query"
        ):
            return thing(project.origin(receiver.func.value, module)) is Thing.SESSION
        if isinstance(receiver, ast.Attribute) and receiver.attr == "query":
            bases = model_bases(project, project.origin(receiver.value, module))
            return any(base.startswith("flask_sqlalchemy.") for base in bases)
        receiver = receiver.func if isinstance(receiver, ast.Call) else receiver.value
    return False


def _is_called_like_one(project: Project, module: Module, receiver: ast.expr) -> bool:
    if project.origin(receiver, module) or any(map(_OTHER_DATABASES.match, module.imports.values())):
        return False
    name = receiver.id if isinstance(receiver, ast.Name) else getattr(receiver, "attr", "")
    return bool(_BY_NAME.search(name))


def _shown(receiver: ast.expr) -> str:
    text = re.sub(r"\s+", " ", ast.unparse(receiver))
    text = re.sub(r"\(.*\)", "(…)", text)
    return text if len(text) <= 50 else f"{text[:47]}…"
