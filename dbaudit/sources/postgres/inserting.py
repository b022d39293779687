"""An INSERT of rows that are like those of a table, to see what an index costs it. Not run here."""

from __future__ import annotations

from importlib.resources import files

import psycopg

# Enough to tell microseconds of a row, and few enough for the dead rows that stay behind until the next vacuum.
ROWS = 1000

_TABLE = (
    "select pg_catalog.format('%I.%I', space.nspname, class.relname),"
    " (select pg_catalog.sum(greatest(part.reltuples, 0)) from pg_catalog.pg_class as part where part.oid = class.oid"
    "  or part.oid in (select tree.relid from pg_catalog.pg_partition_tree(class.oid::pg_catalog.regclass) as tree"
    "   where tree.isleaf))"
    " from pg_catalog.pg_class as class join pg_catalog.pg_namespace as space on space.oid = class.relnamespace"
    " where class.oid = $1::pg_catalog.oid"
)
# What comes behind the largest value there is, or is new by chance.
_FOLLOWING = ("number", "date", "time")
_FRESH = {
    "number": "${}::pg_catalog.numeric operator(pg_catalog.+) pg_catalog.row_number() over ()",
    "date": "${}::pg_catalog.date operator(pg_catalog.+) (pg_catalog.row_number() over ())::pg_catalog.int4",
    "time": "${}::pg_catalog.timestamptz operator(pg_catalog.+)"
    " (pg_catalog.row_number() over () operator(pg_catalog.*) pg_catalog.interval '1 second')",
    "uuid": "pg_catalog.gen_random_uuid()",
    "text": "pg_catalog.md5(pg_catalog.gen_random_uuid()::pg_catalog.text)",
}


def insert_of_copies(connection: psycopg.Connection, table_oid: int) -> tuple[str, tuple[str, ...]]:
    """An INSERT of copies of rows from all over the table, with new values in what is unique, and the values to bind.

    Empty where it would run triggers or rules, or where what is unique cannot be made up. Asks in the transaction that is
    open. Raises psycopg.Error.
    """
    text = files(__package__).joinpath("queries/insertable_columns.sql").read_text("utf-8")
    columns = connection.execute(text, [table_oid], binary=True).fetchall()
    table, rows = connection.execute(_TABLE, [table_oid], binary=True).fetchone()
    if not columns or not rows:
        return "", ()
    fresh: set[str] = set()
    for index in columns[0][4]:
        able = [name for name, kind, refers, unique_in, _ in columns if index in unique_in and kind and not refers]
        if not able:
            return "", ()
        fresh.add(able[0])
    largest: list[str] = []
    values: list[str] = []
    for name, kind, *_ in columns:
        if name in fresh and kind in _FOLLOWING:
            found = connection.execute(f"select pg_catalog.max({name})::pg_catalog.text from {table}", binary=True)
            largest.append(found.fetchone()[0])
        values.append(_FRESH[kind].format(len(largest)) if name in fresh else f"taken.{name}")
    percent = min(100.0, 100.0 * 5 * ROWS / rows)
    names = ", ".join(column[0] for column in columns)
    text = (
        f"insert into {table} ({names}) overriding system value select {', '.join(values)}"
        f" from (select * from {table} tablesample system ({percent:.6f}) repeatable (1) limit {ROWS}) as taken"
    )
    return text, tuple(largest)
