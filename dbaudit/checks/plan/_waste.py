"""When a scan reads too much for what it returns."""

from __future__ import annotations

from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.catalog import Table

# A tuple takes at least 28 bytes of a page: its header and its line pointer.
_SMALLEST_TUPLE_BYTES = 28


def is_wasteful(scan: Scan, *, read_rows: float, kept_ratio: float, time_ratio: float, table_rows: float) -> bool:
    """Whether the scan reads this many rows for few of them, of a table of some size, in a good part of the time."""
    if scan.read_rows is None or scan.read_rows < read_rows or scan.read_rows < table_rows * scan.loops:
        return False
    return scan.kept_ratio < kept_ratio and (scan.time_ratio is None or scan.time_ratio >= time_ratio)


def is_surely_small(table: Table, rows: float) -> bool:
    """Whether the table cannot have as many rows as this."""
    if table.estimated_rows is not None:
        return table.estimated_rows < rows
    return table.size_bytes < rows * _SMALLEST_TUPLE_BYTES
