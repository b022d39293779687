"""How many rows a table has, as far as anybody knows."""

from __future__ import annotations

from dbaudit.facts.catalog import Table


def rows_of(table: Table) -> float | None:
    """The larger of both estimates, pg_class.reltuples and the live tuples of the statistics; None without any."""
    if table.estimated_rows is None and not table.live_rows:
        return None
    return max(table.estimated_rows or 0, table.live_rows)
