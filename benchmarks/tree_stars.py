"""The stars that reach relations, told from the tree of PostgreSQL's own raw parser: the truth for `select_star.py`.

What counts is what SQL001's page says: `*` and `t.*` in a SELECT or RETURNING list that stand for the columns of a
relation; not in EXISTS, not in a definition, not over a WITH query, a subselect, a function or VALUES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Tree = dict[str, Any]

_CHANGES = ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
_WRAPPERS = ("ExplainStmt", "PrepareStmt", "DeclareCursorStmt", "CopyStmt")


@dataclass(frozen=True, slots=True)
class _Source:
    """What a star may stand for: the names it is called by, outermost first, and whether it is a relation."""

    names: tuple[str, ...]
    is_relation: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is in reach of a query: its sources and those around it, nearest first, and the names of WITH queries."""

    levels: tuple[tuple[_Source, ...], ...] = ()
    ctes: frozenset[str] = field(default_factory=frozenset)


def stars(statement: Tree) -> Iterator[int]:
    """Where the stars of one statement begin that reach relations: offsets in bytes, from 0."""
    (kind, node), *_ = statement.items()
    if kind == "SelectStmt" or kind in _CHANGES:
        yield from _query(kind, node, _Scope())
    elif kind in _WRAPPERS and "query" in node:
        yield from stars(node["query"])


def _query(kind: str, node: Tree, around: _Scope, is_exists: bool = False) -> Iterator[int]:
    scope, found = _with(node, around)
    yield from found
    if node.get("op", "SETOP_NONE") != "SETOP_NONE":
        for side in ("larg", "rarg"):
            yield from _query("SelectStmt", node[side], scope, is_exists)
        yield from _below({key: value for key, value in node.items() if key not in ("larg", "rarg", "withClause")}, scope)
        return
    sources = tuple(_sources(kind, node, scope.ctes))
    inner = _Scope((sources, *scope.levels), scope.ctes)
    returning = node.get("returningClause", {})
    returned = returning.get("exprs", ())
    rows = {"old", "new", *(each["ReturningOption"]["value"] for each in returning.get("options", ()))} if returned else set()
    for target in (*node.get("targetList", ()), *returned) if kind == "SelectStmt" else returned:
        names = _names_of_star(target.get("ResTarget", {}).get("val", {}))
        if names is not None and not is_exists and _reaches(names, inner, rows):
            location = target["ResTarget"]["val"]["ColumnRef"].get("location", 0)
            # TABLE t has a star in its tree, and none in its text.
            if location >= 0:
                yield location
    yield from _below({key: value for key, value in node.items() if key != "withClause"}, inner)


def _with(node: Tree, around: _Scope) -> tuple[_Scope, list[int]]:
    clause = node.get("withClause", {})
    ctes = [each["CommonTableExpr"] for each in clause.get("ctes", ())]
    names = around.ctes | ({cte["ctename"] for cte in ctes} if clause.get("recursive") else set())
    found: list[int] = []
    for cte in ctes:
        found += _below(cte["ctequery"], _Scope(around.levels, names))
        names |= {cte["ctename"]}
    return _Scope(around.levels, names), found


def _below(node: Any, scope: _Scope) -> Iterator[int]:
    if isinstance(node, list):
        for each in node:
            yield from _below(each, scope)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "SelectStmt" or key in _CHANGES or key == "selectStmt" and "SelectStmt" not in value:
                yield from _query(key if key != "selectStmt" else "SelectStmt", value, scope)
            elif key == "SubLink" and value.get("subLinkType") == "EXISTS_SUBLINK":
                yield from _query("SelectStmt", value["subselect"]["SelectStmt"], scope, is_exists=True)
            else:
                yield from _below(value, scope)


def _names_of_star(value: Tree) -> tuple[str, ...] | None:
    """What stands before the star of `*` or `s.t.*`; None for anything else."""
    fields = value.get("ColumnRef", {}).get("fields", [{}])
    if "A_Star" not in fields[-1]:
        return None
    return tuple(each["String"].get("sval", "") for each in fields[:-1])


def _reaches(names: tuple[str, ...], scope: _Scope, rows: set[str]) -> bool:
    if not names:
        return any(source.is_relation for source in scope.levels[0])
    for level in scope.levels:
        for source in level:
            if source.names[-len(names) :] == names or names[-len(source.names) :] == source.names and len(source.names) > 1:
                return source.is_relation
    return names[0] in rows


def _sources(kind: str, node: Tree, ctes: frozenset[str]) -> Iterator[_Source]:
    if "relation" in node and kind in _CHANGES:
        yield from _source({"RangeVar": node["relation"]}, frozenset())
    if "sourceRelation" in node:
        yield from _source(node["sourceRelation"], ctes)
    for item in (*node.get("fromClause", ()), *node.get("usingClause", ())):
        yield from _source(item, ctes)


def _source(item: Tree, ctes: frozenset[str]) -> Iterator[_Source]:
    (kind, node), *_ = item.items()
    alias = (node["alias"]["aliasname"],) if "alias" in node else ()
    if kind == "RangeVar":
        is_cte = node["relname"] in ctes and "schemaname" not in node
        schema = (node["schemaname"],) if "schemaname" in node else ()
        yield _Source(alias or (*schema, node["relname"]), not is_cte)
    elif kind == "JoinExpr":
        inside = [source for side in ("larg", "rarg") for source in _source(node[side], ctes)]
        yield from [_Source(alias, source.is_relation) for source in inside] if alias else inside
    elif kind == "RangeTableSample":
        yield from _source(node["relation"], ctes)
    else:
        yield _Source(alias or _name_of_function(node) or ("",), False)


def _name_of_function(node: Tree) -> tuple[str, ...]:
    for each in node.get("functions", ())[:1]:
        call = each["List"]["items"][0].get("FuncCall")
        if call:
            return (call["funcname"][-1]["String"]["sval"],)
    return ()
