"""Reads sizes and the planner's statistics of given relations, and what of them the role may not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import psycopg

from dbaudit.facts.snapshot import ColumnStatistics, ExtendedStatistics, Omission, RelationSize
from dbaudit.sources.given import quoted_element
from dbaudit.sources.postgres.collect import query_named
from dbaudit.sources.postgres.schema.listing import by_name

_FIRST_WITH_RANGES = 17


def read_sizes(cursor: psycopg.Cursor, relations: Collection[int]) -> tuple[RelationSize, ...]:
    """Tables, materialized views and their indexes, by name. Raises psycopg.Error."""
    return tuple(RelationSize(**row._asdict()) for row in _rows(cursor, "relation_size", 0, relations))


def read_column_statistics(cursor: psycopg.Cursor, major: int, relations: Collection[int]) -> tuple[ColumnStatistics, ...]:
    """Those of columns and of indexed expressions, by relation and column. Raises psycopg.Error.

    Before 17 pg_stats does not show the histograms of ranges: a role that may read pg_statistic itself sees them there.
    """
    ranges = {}
    if major < _FIRST_WITH_RANGES and _may_read_pg_statistic(cursor):
        ranges = {
            (row.relation, row.column, row.is_inherited): row._asdict()
            for row in _rows(cursor, "range_statistics", major, relations)
        }
    return tuple(
        ColumnStatistics(**_inert(row) | ranges.get((row.relation, row.column, row.is_inherited), {}))
        for row in _rows(cursor, "column_statistics", major, relations)
    )


def _may_read_pg_statistic(cursor: psycopg.Cursor) -> bool:
    question = "select pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'select')"
    return cursor.execute(question, binary=True).fetchone()[0]


def read_extended_statistics(
    cursor: psycopg.Cursor, major: int, relations: Collection[int]
) -> tuple[ExtendedStatistics, ...]:
    """Those of CREATE STATISTICS, by name. Raises psycopg.Error."""
    expressions: defaultdict[tuple[str, bool], list[ColumnStatistics]] = defaultdict(list)
    for row in _rows(cursor, "expression_statistics", major, relations):
        values = _inert(row)
        expressions[values.pop("statistics"), row.is_inherited].append(ColumnStatistics(**values))
    found = []
    for row in _rows(cursor, "extended_statistics", major, relations):
        values = _inert(row)
        combinations = values["most_common_values"]
        values["most_common_values"] = combinations and tuple(map(as_array, combinations))
        of_expressions = tuple(expressions[row.name, row.is_inherited])
        found.append(ExtendedStatistics(**values, expression_statistics=of_expressions))
    return tuple(found)


def hidden_statistics(cursor: psycopg.Cursor, relations: Collection[int]) -> Iterator[Omission]:
    """The statistics that pg_stats and pg_stats_ext do not show to the role. Raises psycopg.Error."""
    for row in _rows(cursor, "statistics_hidden", 0, relations):
        if row.is_by_policy:
            yield Omission(kind="column statistics", name=row.name, reason="its row security hides them from this role")
        elif row.columns:
            reason = f"this role may not read {', '.join(row.columns)}: grant it pg_read_all_data"
            yield Omission(kind="column statistics", name=row.name, reason=reason)
    for row in _rows(cursor, "extended_statistics_hidden", 0, relations):
        reason = "the server shows them only to a member of the role that owns the table"
        yield Omission(kind="extended statistics", name=row.name, reason=reason)


def as_array(values: Iterable[str | None]) -> str:
    """Values as one array in PostgreSQL's text form."""
    return "{" + ",".join("NULL" if value is None else quoted_element(value) for value in values) + "}"


def _rows(cursor: psycopg.Cursor, query: str, major: int, relations: Collection[int]) -> list[Any]:
    return by_name(cursor, query_named(query, major), [sorted(relations)])


def _inert(row: Any) -> dict[str, Any]:
    return {name: tuple(value) if type(value) is list else value for name, value in row._asdict().items()}
