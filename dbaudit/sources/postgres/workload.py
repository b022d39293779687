"""Reads what a database has done: its counters, and pg_stat_statements where it is there."""

from __future__ import annotations

import psycopg

from dbaudit.facts import Missing
from dbaudit.facts.snapshot import Omission
from dbaudit.facts.workload import StatementUse
from dbaudit.sources import sqllex
from dbaudit.sources.postgres.collect import missing, query_named
from dbaudit.sources.postgres.schema.listing import by_name

_PLANNED = frozenset(("select", "insert", "update", "delete", "merge", "with", "values", "table"))
_HIDDEN = "<insufficient privilege>"


def read_statements(cursor: psycopg.Cursor) -> tuple[tuple[StatementUse, ...] | Missing, tuple[Omission, ...]]:
    """The statements that the server has counted, by identifier, without utility statements, and what is left out.

    Missing where the extension is not there or not loaded. The texts are read once: the server loads their whole file
    each time. Raises psycopg.Error only where the connection is lost.
    """
    views = by_name(cursor, query_named("statement_use_view", 0), [])
    if not views:
        return Missing(
            reason="the extension pg_stat_statements is not in this database",
            remedy="add it to shared_preload_libraries, then CREATE EXTENSION pg_stat_statements",
        ), ()
    cursor.execute("savepoint statements", binary=True)
    try:
        # A relation's name cannot be bound. This one is the extension's own view, quoted by the server.
        counted = by_name(cursor, query_named("statement_use", 0).replace("{view}", views[0].view), [])
    except psycopg.Error as error:
        if cursor.connection.closed:
            raise
        cursor.execute("rollback to savepoint statements", binary=True)
        return missing(StatementUse, error), ()
    shown = [row for row in counted if row.query_id is not None and row.text != _HIDDEN]
    planned = [row for row in shown if _is_planned(row.text)]
    omissions = (
        _omitted(len(counted) - len(shown), "of other roles, which this one may not read: grant it pg_read_all_stats"),
        _omitted(len(shown) - len(planned), "of utility statements, whose texts may hold secrets"),
    )
    return tuple(StatementUse(**row._asdict()) for row in planned), tuple(each for each in omissions if each)


def _is_planned(text: str | None) -> bool:
    for token in sqllex.tokens(text or ""):
        written = (text or "")[token.start : token.end]
        if token.kind not in (sqllex.SPACE, sqllex.COMMENT) and written != "(":
            return token.kind == sqllex.WORD and sqllex.fold(written) in _PLANNED
    return False


def _omitted(count: int, reason: str) -> Omission | None:
    return Omission(kind="statements", name=f"{count} in pg_stat_statements", reason=reason) if count else None
