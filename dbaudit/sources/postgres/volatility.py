"""What a statement would call, looked up in the catalogs: nothing is run that could act.

Two lenses, because neither sees everything. The *plan* names what the server resolved, behind operators, views, row
security policies and inlined functions; but EXPLAIN does not print the expressions of LIMIT, OFFSET and VALUES, those
of window frames before 18, nor the left side of a hashed IN before 17. The *text*, and the views, policies and function
bodies it leads to, name everything, but by name only; so a name counts for every function that has it. A statement is
run where both see nothing that acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.resources import files
from typing import Any, NamedTuple

from psycopg.pq import TransactionStatus

from dbaudit.facts.plan import Plan
from dbaudit.sources import sqllex
from dbaudit.sources.postgres.harmless import (
    CONVERTS_TO_ANY_TYPE,
    HARMLESS,
    HARMLESS_IN,
    RUNS_OTHER_SQL,
    TAKES_TRANSACTION_ID,
)
from dbaudit.sources.postgres.names import Names, names_in
from dbaudit.sources.postgres.session import Session

# Operators that SQL also spells as keywords: IN, CASE, NULLIF, DISTINCT FROM, BETWEEN, LIKE, SIMILAR TO.
_SPELLED_OUT = frozenset({"=", "<>", "<", ">", "<=", ">=", "~~", "~~*", "!~~", "!~~*", "~"})
_UNICODE_NAME = re.compile(r'\bu&"', re.IGNORECASE)
_CALL = re.compile(r'([^\W\d][\w$]*+)"?\s*+\(')
_NOT_EXPRESSIONS = frozenset(
    {
        "Node Type", "Parent Relationship", "Subplan Name", "Alias", "Index Name", "CTE Name", "Strategy",
        "Partial Mode", "Join Type", "Scan Direction", "Operation", "Command",
    }
)


class Function(NamedTuple):
    """A function that may act: a volatile one, one with a body in SQL or a procedural language, an aggregate."""

    oid: int
    schema: str
    name: str
    qualified: str
    language: str
    is_volatile: bool
    returns_set: bool
    is_in_search_path: bool
    takes_row: bool
    extension: str
    support_functions: list[int]


class Domains(NamedTuple):
    """Domains whose checks act: the functions that they call; the types with such a domain in them, the functions that
    take one, and the tables with columns whose literals are of one, by name."""

    functions: list[int]
    types: frozenset[str]
    callers: frozenset[str]
    tables: frozenset[str]


class Volatility:
    """The functions of a database that may act, and where they hide. Reads the catalogs once, bodies when named."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._bodies: dict[int, str] = {}

    def reason_before_planning(self, text: str) -> str:
        """Why even planning the statement could act, or empty.

        The parser runs the checks of the domains in a literal of an array or of a row. The planner runs immutable
        functions on constants, stable ones for its estimates, and an operator's function on the column statistics.
        """
        if _UNICODE_NAME.search(text):
            return "it spells names in Unicode escapes: what it calls cannot be looked up before it is planned"
        names = names_in(text)
        for function, via in self._reached_by_domains(names):
            if why := self._acts(function):
                return f"even parsing it could run {function.qualified}: {why}{_via(via)}"
        for function, via, by_planner in self._reached(names):
            if function.returns_set or function.is_volatile and not by_planner:
                continue
            if why := self._acts(function):
                return f"even planning it could run {function.qualified}: {why}{_via(via)}"
        return ""

    def reason_in_text(self, text: str) -> str:
        """Why running the statement could act, by its text and all that it leads to; empty where it could not."""
        for function, via, _ in self._reached(names_in(text)):
            if why := self._acts_when_inlined(function):
                return f"it calls {function.qualified}: {why}{_via(via)}"
        return ""

    def reason_in_plan(self, plan: Plan) -> str:
        """Why running the planned statement could act, by what its plan calls; empty where it could not."""
        names = names_in(*_expressions(plan.raw["Plan"]))
        for node in plan.nodes():
            names.words.update((node.schema, node.relation))
        for function, via, _ in self._reached(names):
            if why := self._acts(function):
                return f"it calls {function.qualified}: {why}{_via(via)}"
        return ""

    # What a set of names can reach.

    def _reached(self, names: Names) -> Iterator[tuple[Function, str, bool]]:
        """The functions that a statement with these names may call, by what way, and whether the planner calls them."""
        yield from self._known(self._always.keys(), "an implicit cast or an operator class")
        yield from self._named(names)

    def _named(self, names: Names) -> Iterator[tuple[Function, str, bool]]:
        for name in sorted(names.calls | names.members):
            for function in self._by_name.get(name, ()):
                is_call = name in names.calls or function.takes_row
                if is_call and (function.is_in_search_path or function.schema in names.words):
                    yield function, "", False
        for operator in sorted(names.operators | _SPELLED_OUT):
            for oid, by_planner in self._operators.get(operator, ()):
                yield from self._known([oid], f"the operator {operator}", by_planner)
        for target in sorted(names.words & self._casts.keys()):
            yield from self._known(self._casts[target], f"a cast to {target}")
        for function, via in self._reached_by_domains(names):
            yield function, via, False
        for name in sorted(names.words & self._views.keys()):
            for oid, schema, qualified, is_in_search_path in self._views[name]:
                if is_in_search_path or schema in names.words:
                    yield from self._known(self._called_by_relations([oid]), f"the view {qualified}")
        for name in sorted(names.words & self._policies.keys()):
            called = self._called_by_relations(self._policies[name])
            yield from self._known(called, f"a row security policy of {name}")

    def _reached_by_domains(self, names: Names) -> Iterator[tuple[Function, str]]:
        """The functions in the checks of domains, where a value may become one of such a domain."""
        domains = self._acting_domains
        if not domains.functions:
            return
        becomes = (names.types | names.calls) & domains.types
        where = becomes | (names.calls & domains.callers) | (names.words & domains.tables)
        if where or names.words & CONVERTS_TO_ANY_TYPE:
            via = f"the check of a domain in {min(where)}" if where else "the check of a domain"
            for function, *_ in self._known(domains.functions, ""):
                yield function, via

    def _known(self, oids: Iterable[int], via: str, by_planner: bool = False) -> Iterator[tuple[Function, str, bool]]:
        for oid in oids:
            if function := self._by_oid.get(oid):
                yield function, via, by_planner

    # What acts, and why.

    def _acts(self, function: Function, seen: frozenset[int] = frozenset()) -> str:
        """Why a call of this function acts, or empty."""
        if function.name in HARMLESS and function.schema == "pg_catalog":
            return ""
        if function.name in HARMLESS_IN.get(function.extension, ()):
            return ""
        if function.name in TAKES_TRANSACTION_ID:
            return "it takes a transaction id"
        if function.name in RUNS_OTHER_SQL:
            return "it runs SQL that no plan shows"
        if function.is_volatile:
            return "it is volatile"
        for support, *_ in self._known(function.support_functions, ""):
            if self._acts(support, seen | {function.oid}):
                return f"it is an aggregate over {support.qualified}, which is volatile"
        return self._body_acts(function, seen)

    def _acts_when_inlined(self, function: Function) -> str:
        """As `_acts`, but an SQL function that is one query is judged by its body: a plan shows if it was inlined."""
        if function.is_volatile and function.language == "sql" and self._is_one_query(function):
            return self._body_acts(function, frozenset())
        return self._acts(function)

    def _body_acts(self, function: Function, seen: frozenset[int]) -> str:
        if function.oid in seen:
            return ""
        if function.oid not in self._bodies:
            self._bodies[function.oid] = ""
            self._bodies[function.oid] = self._why_body_acts(function, seen | {function.oid})
        return self._bodies[function.oid]

    def _why_body_acts(self, function: Function, seen: frozenset[int]) -> str:
        source, oids, relations = self._source(function)
        callees = [callee for callee, *_ in self._known([*oids, *self._called_by_relations(relations)], "")]
        if function.language not in ("c", "internal"):
            # What a body makes of strings, EXECUTE runs: calls count in its strings, too.
            called = sorted({name.lower() for name in _CALL.findall(source)})
            callees += [callee for name in called for callee in self._by_name.get(name, ())]
            callees += [callee for callee, *_ in self._named(names_in(source))]
        for callee in callees:
            if self._acts(callee, seen):
                return f"its body calls {callee.qualified}"
        return ""

    def _is_one_query(self, function: Function) -> bool:
        source, oids, _ = self._source(function)
        if not source.strip():
            return bool(oids)
        words = [source[start:end].lower() for kind, start, end in sqllex.tokens(source.strip().rstrip(";"))
                 if kind not in (sqllex.SPACE, sqllex.COMMENT)]
        return words[0] in ("select", "values", "table", "(") and ";" not in words and "into" not in words

    def _source(self, function: Function) -> tuple[str, list[int], list[int]]:
        rows = self._rows("function_body", [[function.oid]])
        return rows[0][1:] if rows else ("", [], [])

    # What the catalogs say.

    @cached_property
    def _catalog(self) -> dict[str, list[tuple]]:
        """What is read once, in one transaction."""
        with self._session.transaction() as cursor:
            return {
                name: cursor.execute(_query(name), parameters, binary=True).fetchall()
                for name, parameters in (
                    ("called_function", [sorted(TAKES_TRANSACTION_ID | RUNS_OTHER_SQL)]),
                    ("called_indirectly", None),
                    ("user_view", None),
                    ("policy_body", None),
                )
            }

    @cached_property
    def _by_oid(self) -> dict[int, Function]:
        functions = [Function(*row) for row in self._catalog["called_function"]]
        return {function.oid: function for function in functions}

    @cached_property
    def _by_name(self) -> dict[str, list[Function]]:
        return _grouped((function.name, function) for function in self._by_oid.values())

    @cached_property
    def _indirect(self) -> list[tuple[str, str, int, bool]]:
        return self._catalog["called_indirectly"]

    @cached_property
    def _operators(self) -> dict[str, list[tuple[int, bool]]]:
        return _grouped((name, (oid, planner)) for kind, name, oid, planner in self._indirect if kind == "operator")

    @cached_property
    def _casts(self) -> dict[str, list[int]]:
        return _grouped((name, oid) for kind, name, oid, _ in self._indirect if kind == "cast")

    @cached_property
    def _always(self) -> dict[int, str]:
        return {oid: kind for kind, _, oid, _ in self._indirect if kind in ("hidden cast", "operator class")}

    @cached_property
    def _acting_domains(self) -> Domains:
        checks = _grouped((name, oid) for kind, name, oid, _ in self._indirect if kind == "domain")
        acting = {
            name: oids
            for name, oids in checks.items()
            if any(self._acts(function) for function, *_ in self._known(oids, ""))
        }
        over = _grouped(self._rows("type_over", [sorted(acting)])) if acting else {}
        return Domains(
            functions=[oid for oids in acting.values() for oid in oids],
            types=frozenset(over.get("type", ())),
            callers=frozenset(over.get("function", ())),
            tables=frozenset(over.get("table with literals", ())),
        )

    @cached_property
    def _views(self) -> dict[str, list[tuple[int, str, str, bool]]]:
        rows = self._catalog["user_view"]
        return _grouped((name, (oid, schema, full, in_path)) for oid, schema, name, full, in_path in rows)

    @cached_property
    def _policies(self) -> dict[str, list[int]]:
        return _grouped((name, oid) for oid, name, *_ in self._catalog["policy_body"])

    @cached_property
    def _definitions(self) -> dict[int, list[tuple[list[int], list[int], bool]]]:
        """Of a relation's policies, or of a view: the functions called, the relations read, whether there are domains.

        Those of a view are read when it is first met.
        """
        return _grouped((oid, tuple(definition)) for oid, _, *definition in self._catalog["policy_body"])

    def _called_by_relations(self, relations: Iterable[int]) -> list[int]:
        """The functions in the definitions of these relations, and of all that those read."""
        views = {view[0] for group in self._views.values() for view in group}
        reached: set[int] = set()
        called: set[int] = set()
        new = set(relations)
        while new:
            if unread := sorted((new & views) - self._definitions.keys()):
                for oid, *definition in self._rows("view_body", [unread]):
                    self._definitions[oid] = [tuple(definition)]
            reached |= new
            definitions = [definition for oid in new for definition in self._definitions.get(oid, ())]
            for functions, _, has_domains in definitions:
                called.update(functions, self._acting_domains.functions if has_domains else ())
            new = {oid for _, inside, _ in definitions for oid in inside} - reached
        return sorted(called)

    def _rows(self, name: str, parameters: list[Any]) -> list[tuple]:
        connection = self._session.connection
        if connection.info.transaction_status == TransactionStatus.INTRANS:
            return connection.execute(_query(name), parameters, binary=True).fetchall()
        return self._session.rows(_query(name), parameters)


def _query(name: str) -> str:
    return files(__package__).joinpath(f"queries/{name}.sql").read_text("utf-8")


def _via(via: str) -> str:
    return f" (through {via})" if via else ""


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _expressions(node: Any) -> Iterator[str]:
    """All the texts in a plan that may hold expressions."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, list):
            stack.extend(current)
        elif isinstance(current, dict):
            stack.extend(value for key, value in current.items() if key not in _NOT_EXPRESSIONS)
