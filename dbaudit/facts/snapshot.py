"""A server's schema and statistics without its rows: all that its planner decides by.

Names are qualified and quoted as the server prints them with an empty search_path. Most common values, histogram bounds
and partition bounds are values of real rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaObject:
    """An object of the schema and the one statement that creates it, which ends in a semicolon.

    `kind` is PostgreSQL's word: "schema", "extension", "type", "domain", "function", "sequence", "table", "default",
    "constraint", "index", "view", "materialized view", "statistics" and the like. `relation` is the table of a default,
    a constraint, an index or a statistics object, else empty.
    """

    kind: str
    name: str
    sql: str
    relation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationSize:
    """A relation with storage, or a partitioned one, as pg_class has it.

    `kind` is pg_class.relkind. `pages` (relpages), `tuples` (reltuples, -1 where never vacuumed nor analyzed) and
    `all_visible_pages` (relallvisible) are what VACUUM, ANALYZE and CREATE INDEX last wrote. `file_pages` is the length
    of the main fork now, in blocks; None where nobody may ask, or another session's lock forbids it.
    """

    name: str
    kind: str
    pages: int
    tuples: float
    all_visible_pages: int
    file_pages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStatistics:
    """A row of pg_stats. Arrays of values are in PostgreSQL's own text form, "{…}"; None where pg_stats has NULL.

    `relation` is the table's name, or the index's whose expression this is about. `is_inherited` includes the rows of
    children. The last three are there from 17 on.
    """

    relation: str
    column: str
    is_inherited: bool
    null_fraction: float
    average_width_bytes: int
    distinct_count: float
    most_common_values: str | None = None
    most_common_frequencies: tuple[float, ...] | None = None
    histogram_bounds: str | None = None
    correlation: float | None = None
    most_common_elements: str | None = None
    most_common_element_frequencies: tuple[float, ...] | None = None
    element_count_histogram: tuple[float, ...] | None = None
    range_length_histogram: str | None = None
    range_empty_fraction: float | None = None
    range_bounds_histogram: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedStatistics:
    """What ANALYZE knows by a statistics object: pg_stats_ext, and nothing of the rows where it never ran.

    `distinct_counts` and `dependencies` are the text forms of pg_ndistinct and pg_dependencies. The most common values
    are those of its columns in the order of the table, then of its expressions, one text array per combination.
    `expression_statistics` are those of its expressions, which are their `column`.
    """

    name: str
    relation: str
    is_inherited: bool
    distinct_counts: str | None = None
    dependencies: str | None = None
    most_common_values: tuple[str, ...] | None = None
    most_common_frequencies: tuple[float, ...] | None = None
    most_common_base_frequencies: tuple[float, ...] | None = None
    expression_statistics: tuple[ColumnStatistics, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerSetting:
    """A setting that plans depend on, as current_setting prints it, and where it holds: `database` and `role` are empty
    for the server's own, else from pg_db_role_setting."""

    name: str
    value: str
    database: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """Something of the server that is not in the snapshot, or of the snapshot that is not in the twin, and why."""

    kind: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One database of one server at one moment. `taken_at` is UTC in ISO 8601.

    `facts` are what the checks of indexes, tables and plans need: Server, Table, Index, ForeignKey, OperatorFamily,
    Standby; and Database, DatabaseActivity, StatementUse. `objects` are in an order in which they can be created with
    search_path empty and check_function_bodies off. An index of kind "invalid index" is to be marked so when it is made.
    A table's row security is enabled by the last object about it, "row security", behind its policies, whose roles the
    snapshot has not. `is_redacted` says that surrogates stand for values.
    """

    taken_at: str
    facts: Facts
    objects: tuple[SchemaObject, ...]
    sizes: tuple[RelationSize, ...]
    statistics: tuple[ColumnStatistics, ...]
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    settings: tuple[PlannerSetting, ...] = ()
    omissions: tuple[Omission, ...] = ()
    is_redacted: bool = False
