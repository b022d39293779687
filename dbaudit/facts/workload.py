"""What a database has done since its statistics were reset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseActivity:
    """One row: the counters of pg_stat_database. `age_s` is how long they have been counting, None where unknown."""

    commits: int
    rollbacks: int
    blocks_read: int
    blocks_hit: int
    rows_returned: int
    rows_fetched: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    temporary_files: int
    temporary_bytes: int
    deadlocks: int
    age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementUse:
    """A row of pg_stat_statements, summed over roles: a SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES or TABLE.

    `text` is normalised by the server: $1 stands for a constant. `is_nested` says that a function sent it. Times are of
    execution. Utility statements are not here: their texts are not normalised and may hold passwords.
    """

    query_id: int
    is_nested: bool
    calls: int
    total_ms: float
    rows: int
    blocks_read: int
    blocks_hit: int
    temporary_blocks_written: int
    text: str
