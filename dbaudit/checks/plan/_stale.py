"""Whether a table's statistics are too old, or were never made, to plan by."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._waste import is_surely_small
from dbaudit.facts.catalog import Table
from dbaudit.facts.server import Server
from dbaudit.finding import Fix
from dbaudit.units import count

MODIFIED_RATIO = 0.20
FEWEST_ROWS = 1_000


def is_never_analyzed(table: Table, relations: Relations, servers: Iterable[Server]) -> bool:
    """Whether the table is of some size and there surely are no statistics of its columns.

    CREATE INDEX and VACUUM count the rows and leave the columns alone. That pg_stats has nothing is proof for a
    superuser only: it hides columns that the role may not read, and tables with row security.
    """
    if table.is_partitioned or is_surely_small(table, FEWEST_ROWS):
        return False
    if table.estimated_rows is None:
        return True
    columns = relations.column_maps.get(table.oid, {}).values()
    is_shown_all = any(server.is_superuser for server in servers)
    return is_shown_all and bool(columns) and all(column.null_fraction is None for column in columns)


def rows_modified(table: Table) -> float:
    """How many rows surely were written since the table was last analyzed.

    A session's counts reach the statistics up to a second late, so that what was loaded right before an ANALYZE may be
    counted as written after it. But the rows that the table had then must have been written before: where the counters
    do not know of them, they are taken off. After a reset of the statistics they do not either, and little is left.
    """
    written = table.rows_inserted + table.rows_updated + table.rows_deleted
    unaccounted = max(0.0, (table.estimated_rows or 0.0) - (written - table.rows_modified))
    return max(0.0, table.rows_modified - unaccounted)


def is_modified(table: Table, *, ratio: float = MODIFIED_RATIO, rows: int = FEWEST_ROWS) -> bool:
    """Whether so many rows, and such a share of the table, were written since it was last analyzed."""
    return rows_modified(table) >= max(rows, ratio * (table.estimated_rows or 0.0))


def is_stale(table: Table, relations: Relations, servers: Iterable[Server]) -> bool:
    """Whether a wrong estimate of the table is put down to its statistics' age."""
    return is_modified(table) or is_never_analyzed(table, relations, servers)


def told(table: Table, is_never: bool) -> str:
    """The fault, as a sentence's beginning."""
    if is_never:
        return f"{table.qualified} was never analyzed"
    changed = count(rows_modified(table), "row was", "rows were")
    had = count(table.estimated_rows or 0.0, "row")
    return f"{changed} inserted, updated or deleted in {table.qualified} since it was analyzed last, with {had}"


def analyze(table: Table) -> Fix:
    """ANALYZE of the table, which takes a ShareUpdateExclusiveLock and holds up no reader and no writer."""
    return Fix(
        title=f"analyze {table.qualified}",
        statements=(f"ANALYZE {table.qualified};",),
        lock="ShareUpdateExclusiveLock",
    )
