"""Relations, indexes and foreign keys as the catalogs and the cumulative statistics describe them.

Oids join facts to each other and never reach a finding. `qualified` is the name as the server prints it: quoted where
it must be, always with its schema. Temporary objects and those of the system and of extensions are not here.

Sizes are bytes of the main fork: pg_class.relpages, which VACUUM, ANALYZE and CREATE INDEX keep, times the block size.
Where the table was never vacuumed nor analyzed relpages says nothing, and the file is asked for its length instead,
unless a session holds or awaits an AccessExclusiveLock, behind which we would queue: then it is what relpages says.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An ordinary or partitioned table. `parent_oid` is the partitioned table it is a partition of, or 0.

    `estimated_rows` is pg_class.reltuples, 0 where the file is empty, else None where the table was never vacuumed nor
    analyzed. Counters are those of pg_stat_all_tables since the statistics were reset. The figures of a partitioned
    table are the sums over its leaf partitions; its estimated rows are None where those of one of them are.
    `rows_modified` were inserted, updated or deleted since the last ANALYZE that the statistics know of; 0 right after
    they were reset. `analyze_age_s` is how long ago that was, of a partitioned table the longest; None where they know
    of none. `partition_columns` are the columns of a partitioned table's key, without those that are expressions.
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
    rows_modified: int = 0
    analyze_age_s: float | None = None
    partition_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index of a table or a materialized view. A key that is an expression has the column name '' and attribute 0.

    `opclasses`, `opfamilies`, `collations`, `options` (indoption bits: 1 DESC, 2 NULLS FIRST), `keys_not_null`,
    `default_opclasses` and `column_collations` are one per key. `expressions` and `predicate` are deparsed SQL, as is
    `definition`, all with a search_path that is empty. `is_unread` says that another session holds or awaits an
    AccessExclusiveLock on the table: as the server would have to wait for it, they are empty, though the index may have
    some. `is_partial` is known all the same.
    `parent_oid` is the partitioned index it is attached to, or 0. `constraint` is the constraint's name, quoted,
    `constraint_type` is p, u, x or '', and `constraint_definition` what ADD CONSTRAINT takes after the name.
    `foreign_key_count` is how many foreign keys refer to the table by this index. `tablespace` is quoted, '' for the
    database's own. `is_being_built` is true while a session builds, rebuilds or concurrently drops it.
    `scans` and `last_scan_age_s` (16+) come from the cumulative statistics. The size and the scans of a partitioned
    index are the sums over the indexes attached to it.
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
    is_immediate: bool = True
    is_clustered: bool = False
    is_unread: bool = False
    is_partial: bool = False
    keys_not_null: tuple[bool, ...] = ()
    default_opclasses: tuple[bool, ...] = ()
    column_collations: tuple[int, ...] = ()
    constraint_definition: str = ""
    foreign_key_count: int = 0
    tablespace: str = ""
    comment: str = ""
    constraint_comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key that is not inherited from a partitioned parent, nor the copy for a referenced partition.

    `columns` refer to `referenced_columns`, in that order; `quoted_columns` are `columns` as SQL writes them.
    `equality_operators` are those the constraint compares with, the referencing column on the left; `collations` are
    the referencing columns' own. `null_fractions` come from pg_stats, None where nothing is known or may be seen.
    `on_delete` and `on_update` are "no action", "restrict", "cascade", "set null" or "set default".
    `other_relations` are the names in the table's schema, of views, sequences and the like, that a new index might
    collide with: those that end in _idx and perhaps digits, and belong to no Table and no Index.
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
    quoted_columns: tuple[str, ...] = ()
    equality_operators: tuple[int, ...] = ()
    is_enforced: bool = True
    is_temporal: bool = False
    other_relations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFamily:
    """Which equality operators the indexes of an operator family can search by."""

    oid: int
    equality_operators: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A session that streams the server's physical WAL, or a physical replication slot that nobody reads from now.

    `application_name` and `state` ("streaming", "catchup", "backup" …) are None where the role may not see them, or
    for a slot at rest, which has its name in `slot`.
    """

    slot: str
    application_name: str | None
    state: str | None


def unquoted(name: str) -> str:
    """The bare name of what quote_ident wrote."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
