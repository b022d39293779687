"""From explained statements to the facts that the checks of plans need."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from dbaudit.errors import ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained, Statement
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources import sqltext
from dbaudit.sources.postgres.collect import collect
from dbaudit.sources.postgres.columns import read_columns
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.postgres.session import Session


def explained_facts(
    session: Session, statements: Iterable[Statement], *, analyze: bool = True, timeout_ms: int = 30_000
) -> Facts:
    """The statements explained, and what the checks of plans need to know of the relations they touch."""
    explained = tuple(explain(session, statements, analyze=analyze, timeout_ms=timeout_ms))
    return facts_about(session, explained)


def facts_about(session: Session, explained: Iterable[Explained]) -> Facts:
    """The explained statements and their texts as facts, with Server, Table, and Index and Column of what plans touch."""
    rows = tuple(explained)
    texts = sqltext.read(row.statement for row in rows)
    plans = [each.plan for row in rows for each in (row, *row.variants) if each.plan]
    names = {(node.schema, node.relation) for plan in plans for node in plan.nodes() if node.relation}
    facts = collect(session, (Table,)).merged(Facts({Explained: rows, StatementText: texts}))
    try:
        columns = read_columns(session, names)
    except (ServerGone, psycopg.Error) as error:
        unknown = Missing(reason=" ".join(str(error).split()))
        return facts.merged(Facts({Column: unknown, Index: unknown}))
    touched = _with_ancestors({column.table_oid for column in columns}, facts.get(Table))
    return facts.merged(collect(session, (Index,), touched)).merged(Facts({Column: columns}))


def _with_ancestors(relations: set[int], tables: Iterable[Table]) -> set[int]:
    """These relations, and the partitioned tables that they are partitions of."""
    parents = {table.oid: table.parent_oid for table in tables if table.parent_oid}
    reached, new = set(relations), relations
    while new:
        new = {parents[oid] for oid in new if oid in parents} - reached
        reached |= new
    return reached
