"""Gives a statistics object what it knows of its expressions: rows of pg_statistic in an array, as ANALYZE notes them.

The rows come about as those of columns do, as the statistics of a table that has the expressions for columns.
Source of the layout: statistics/extended_stats.c (serialize_expr_stats), the same in 14 to 18.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import ExtendedStatistics
from dbaudit.lab import column_statistics, twin_catalog

_SCHEMA, _TABLE = "dbaudit_expressions", "expression"
_UPDATE = f"""
update pg_catalog.pg_statistic_ext_data
set stxdexpr = (
    select pg_catalog.array_agg(known order by a.attnum)
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_statistic as known on known.starelid = a.attrelid and known.staattnum = a.attnum
    where a.attrelid = '{_SCHEMA}.{_TABLE}'::pg_catalog.regclass
)
where stxoid = $1::pg_catalog.int8::pg_catalog.oid
"""
# Before 15 there is one row for an object, with no such column.
_OF_THE_TREE = "and stxdinherit = $2::pg_catalog.bool"
_FIRST_WITH_INHERITED = 150000


def restore(
    admin: psycopg.Connection, owner: psycopg.Connection, one: ExtendedStatistics, oid: int, relation: str,
    expressions: Sequence[str],
) -> None:
    """Completes the row of the statistics object `oid`, which `admin`, a superuser, has made.

    `relation` and `expressions` are SQL as the server deparses it. `owner`, who is no superuser, makes the table; it is
    gone afterwards. Raises ValueError where the statistics of an expression are missing or cannot be restored,
    psycopg.Error where the server refuses.
    """
    known = {each.column: each for each in one.expression_statistics}
    if missing := [text for text in expressions if text not in known]:
        raise ValueError(f"nothing is known of {missing[0]}")
    schema, table = sql.Identifier(_SCHEMA), sql.Identifier(_SCHEMA, _TABLE)
    columns = [f"e{number}" for number in range(len(expressions))]
    parts = sql.SQL(", ").join(
        sql.SQL("({}) as {}").format(sql.SQL(text), sql.Identifier(name))
        for text, name in zip(expressions, columns, strict=True)
    )
    admin.execute(
        sql.SQL("create schema {} authorization {}").format(schema, sql.Identifier(owner.info.user)), binary=True
    )
    try:
        owner.execute(
            sql.SQL("create table {} as select {} from {} with no data").format(table, parts, sql.SQL(relation)),
            binary=True,
        )
        rows = [
            replace(known[text], relation=f"{_SCHEMA}.{_TABLE}", column=name, is_inherited=False)
            for text, name in zip(expressions, columns, strict=True)
        ]
        if omissions := column_statistics.restore(admin, owner, twin_catalog.read(admin), rows):
            raise ValueError(omissions[0].reason)
        if admin.info.server_version >= _FIRST_WITH_INHERITED:
            admin.execute(_UPDATE + _OF_THE_TREE, [oid, one.is_inherited], binary=True)
        else:
            admin.execute(_UPDATE, [oid], binary=True)
    finally:
        admin.execute(sql.SQL("drop schema {} cascade").format(schema), binary=True)
