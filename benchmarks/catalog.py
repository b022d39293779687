"""A catalog of many relations, and the SQL that `dbaudit indexes` sends to read it."""

from __future__ import annotations

import psycopg

from dbaudit.checks.registry import all_checks
from dbaudit.sources.postgres.collect import query_for


def build_catalog(connection: psycopg.Connection, *, tables: int) -> None:
    """Makes this many tables with three indexes and one foreign key each, in batches."""
    connection.execute("create table parent (id int primary key)")
    for first in range(0, tables, 500):
        connection.execute(
            "".join(
                f"create table t{n} (id int primary key, a int, b text, c int references parent);"
                f"create index on t{n} (a, b); create index on t{n} (c);"
                for n in range(first, min(first + 500, tables))
            )
        )
    connection.execute("vacuum analyze pg_catalog.pg_class")
    for catalog in ("pg_index", "pg_attribute", "pg_constraint", "pg_namespace", "pg_depend"):
        connection.execute(f"vacuum analyze pg_catalog.{catalog}")


def catalog_queries() -> str:
    """The queries of all fact types that the checks of `indexes` need, as a psql script."""
    kinds = dict.fromkeys(kind for check in all_checks() if check.family in ("IDX", "TBL") for kind in check.needs)
    return "".join(f"{query_for(kind, 18).replace('$1', 'null').rstrip()};\n" for kind in kinds)
