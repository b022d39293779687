"""Relations, indexes and foreign keys as the catalogs and the cumulative statistics describe them.

Oids join facts to each other and never reach a finding. `qualified` is the name as the server prints it: quoted where
it must be, always with its schema. Objects of the system and of extensions are not here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An ordinary or partitioned table.

    `estimated_rows` is pg_class.reltuples, None where the table was never vacuumed nor analyzed. Counters are those of
    pg_stat_user_tables since the statistics were reset.
    """

    oid: int
    schema: str
    name: str
    qualified: str
    is_partitioned: bool
    parent_oid: int
    estimated_rows: float | None
    size_bytes: int
    seq_scans: int
    index_scans: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    live_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index. A key that is an expression has the column name '' and attribute number 0.

    `opclasses`, `opfamilies`, `collations` and `options` (indoption bits: 1 DESC, 2 NULLS FIRST) are one per key.
    `expressions` and `predicate` are deparsed SQL. `parent_oid` is the partitioned index it is attached to, or 0.
    `constraint_type` is p, u, x or ''. `scans` and `last_scan_age_s` (16+) come from the cumulative statistics.
    """

    oid: int
    table_oid: int
    schema: str
    name: str
    qualified: str
    table: str
    method: str
    key_columns: tuple[str, ...]
    key_attributes: tuple[int, ...]
    included_columns: tuple[str, ...]
    opclasses: tuple[int, ...]
    opfamilies: tuple[int, ...]
    collations: tuple[int, ...]
    options: tuple[int, ...]
    expressions: str
    predicate: str
    is_unique: bool
    is_primary: bool
    is_exclusion: bool
    is_valid: bool
    is_ready: bool
    is_live: bool
    is_replica_identity: bool
    is_being_built: bool
    is_partitioned: bool
    nulls_not_distinct: bool
    parent_oid: int
    constraint: str
    constraint_type: str
    definition: str
    size_bytes: int
    scans: int
    last_scan_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key of a table that is not inherited from a partitioned parent.

    `columns` refer to `referenced_columns`, in that order. `equality_operators` are those of
    pg_constraint.conpfeqop's families, one per column; `collations` are the referencing columns' own.
    `null_fractions` come from pg_stats, None where nothing is known.
    """

    name: str
    table_oid: int
    table: str
    columns: tuple[str, ...]
    attributes: tuple[int, ...]
    collations: tuple[int, ...]
    null_fractions: tuple[float | None, ...]
    referenced_oid: int
    referenced: str
    referenced_columns: tuple[str, ...]
    on_delete: str
    on_update: str
    is_validated: bool
