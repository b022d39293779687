"""From explained statements to the facts that the checks of plans need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import psycopg

from dbaudit.errors import ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table, unquoted
from dbaudit.facts.column import Column
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.rewrite import Rewrite
from dbaudit.facts.statement import Explained, Statement
from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.sources import sqltext
from dbaudit.sources.postgres.collect import collect
from dbaudit.sources.postgres.columns import read_columns
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.postgres.rewritable import read_rewrites
from dbaudit.sources.postgres.schema_facts import asked_about, named_in, read_names
from dbaudit.sources.postgres.session import Session

# What may be seen in a statement that can be rewritten.
_REWRITTEN = frozenset(
    [
        Sight.COUNT_FOR_EXISTENCE, Sight.NOT_IN_SUBQUERY, Sight.OFFSET, Sight.FUNCTION_ON_COLUMN, Sight.CAST_OF_COLUMN,
        Sight.OR_IN_JOIN,
    ]
)


def explained_facts(
    session: Session, statements: Iterable[Statement], *, analyze: bool = True, timeout_ms: int = 30_000
) -> Facts:
    """The statements explained, and what the checks of plans need to know of the relations they touch."""
    explained = tuple(explain(session, statements, analyze=analyze, timeout_ms=timeout_ms))
    return facts_about(session, explained)


def facts_about(session: Session, explained: Iterable[Explained]) -> Facts:
    """The explained statements and their texts as facts, with Server, Table, and Index and Column of what plans touch.

    Rewrite are the other ways to write those that have a plan.
    """
    rows = tuple(explained)
    texts = sqltext.read(row.statement for row in rows)
    plans = [each.plan for row in rows for each in (row, *row.variants) if each.plan]
    names = {(node.schema, node.relation) for plan in plans for node in plan.nodes() if node.relation}
    facts = collect(session, (Table,)).merged(Facts({Explained: rows, StatementText: texts}))
    facts = facts.merged(_rewrite_facts(session, rows, texts))
    if any(asked_about(text) for text in texts):
        facts = facts.merged(read_names(session))
        names |= named_in(texts, facts)
    try:
        columns = read_columns(session, names)
    except (ServerGone, psycopg.Error) as error:
        unknown = Missing(reason=" ".join(str(error).split()))
        return facts.merged(Facts({Column: unknown, Index: unknown}))
    touched = _with_ancestors({column.table_oid for column in columns}, facts.get(Table))
    return facts.merged(collect(session, (Index,), touched)).merged(Facts({Column: columns}))


def _rewrite_facts(session: Session, rows: tuple[Explained, ...], texts: tuple[StatementText, ...]) -> Facts:
    planned = {row.statement.identity for row in rows if row.plan}
    wanted = [
        text.statement
        for text in texts
        if text.statement.identity in planned and any(seen.sight in _REWRITTEN for seen in text.sightings)
    ]
    try:
        return Facts({Rewrite: read_rewrites(session, wanted)})
    except (ServerGone, psycopg.Error) as error:
        return Facts({Rewrite: Missing(reason=" ".join(str(error).split()))})


def facts_about_plans(session: Session, explained: Iterable[Explained]) -> Facts:
    """As `facts_about`, for plans that come from elsewhere.

    Without VERBOSE a plan does not name schemas: a relation is found by its name where only one has it.
    """
    tables = collect(session, (Table,)).get(Table)
    schemas: dict[str, list[str]] = {}
    for table in tables:
        schemas.setdefault(table.name, []).append(table.schema)
    alone = {name: found[0] for name, found in schemas.items() if len(found) == 1}
    return _with_foreign_keys(session, facts_about(session, [_with_schemas(row, alone) for row in explained]))


def _with_foreign_keys(session: Session, facts: Facts) -> Facts:
    """The foreign keys whose triggers the statements fired too, and the indexes of the referencing tables."""
    plans = [row.plan for row in facts.get(Explained) if row.plan]
    fired = {trigger.constraint for plan in plans for trigger in plan.triggers if trigger.constraint}
    if not fired or facts.missing(Index) or facts.missing(Table):
        return facts
    found = collect(session, (ForeignKey, OperatorFamily))
    keys = tuple(key for key in found.get(ForeignKey) if unquoted(key.name) in fired)
    if not keys:
        return facts
    below = {key.table_oid for key in keys}
    while more := {table.oid for table in facts.get(Table) if table.parent_oid in below} - below:
        below |= more
    indexes = collect(session, (Index,), below | {index.table_oid for index in facts.get(Index)})
    return facts.merged(found).merged(indexes).merged(Facts({ForeignKey: keys}))


def _with_schemas(row: Explained, schemas: Mapping[str, str]) -> Explained:
    plan = row.plan
    if plan is None or all(node.schema or node.relation not in schemas for node in plan.nodes()):
        return row
    raw = plan.raw
    named = plan_from_json({**raw, "Plan": _named_in_full(raw["Plan"], schemas)})
    return replace(row, plan=replace(named, kept=plan.kept))


def _named_in_full(root: Mapping[str, Any], schemas: Mapping[str, str]) -> dict[str, Any]:
    top = dict(root)
    stack = [top]
    while stack:
        node = stack.pop()
        if not node.get("Schema") and node.get("Relation Name") in schemas:
            node["Schema"] = schemas[node["Relation Name"]]
        if node.get("Plans"):
            node["Plans"] = [dict(child) for child in node["Plans"]]
            stack.extend(node["Plans"])
    return top


def _with_ancestors(relations: set[int], tables: Iterable[Table]) -> set[int]:
    """These relations, and the partitioned tables that they are partitions of."""
    parents = {table.oid: table.parent_oid for table in tables if table.parent_oid}
    reached, new = set(relations), relations
    while new:
        new = {parents[oid] for oid in new if oid in parents} - reached
        reached |= new
    return reached
