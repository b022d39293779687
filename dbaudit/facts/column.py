"""Columns of the relations that audited statements read: types, collations, and what is known of their values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table, a partition or a materialized view.

    `name` is bare, `quoted` as SQL writes it. `type` is as format_type prints it, of a domain `base_type` is the type
    below it, else the same; neither has a modifier such as a length. `has_c_collation` says that comparisons go byte by
    byte, so that an ordinary btree serves LIKE 'x%'; true for types that have no collation.
    The rest is pg_stats', None where the table was never analyzed or the role may not see it: `null_fraction`,
    `distinct_count` as pg_stats.n_distinct (negative: a fraction of the rows), `average_width_bytes`, and
    `correlation` between the order of the values and that of the rows in the table.
    """

    table_oid: int
    schema: str
    table: str
    name: str
    quoted: str
    number: int
    type: str
    base_type: str
    has_c_collation: bool
    is_nullable: bool
    null_fraction: float | None
    distinct_count: float | None
    average_width_bytes: int | None
    correlation: float | None
