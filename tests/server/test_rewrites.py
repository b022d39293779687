"""Conditions that are rewritten return the rows they did, and the expressions that are indexed may be."""

from __future__ import annotations

from itertools import product

import pytest

from dbaudit.checks.plan._expressions import indexable
from dbaudit.checks.plan._rewrite import rewritten
from dbaudit.facts.condition import conditions
from dbaudit.sources.postgres.columns import read_columns

OPERATORS = ("=", "<", "<=", ">", ">=")
DAYS = [f"{column}::date {operator} date '2024-03-31'" for column, operator in product(("tz", "ts"), OPERATORS)]
REWRITTEN = [
    *DAYS,
    "tz::date = '2023-12-31'",
    "ts::date = current_date",
    "date_trunc('day', tz) = '2024-03-31'",
    "date_trunc('hour', ts) = '2024-03-31 03:00'",
    "date_trunc('month', tz) = '2024-03-01'",
    "date_trunc('year', ts) = '2024-01-01'",
    "extract(year from tz) = 2024",
    "extract(year from ts) = 2023",
    "id::text = '7'",
    "id::numeric = 7",
    "id = 7.0::float8",
]
LEFT_ALONE = [
    "date_trunc('day', tz) = '2024-03-31 12:00'",
    "date_trunc('week', tz) = '2024-03-25'",
    "date_trunc('day', tz, 'Asia/Tokyo') = '2024-03-31'",
    "date_trunc('day', tz) > '2024-03-31'",
    "extract(year from tz) > 2023",
    "extract(year from tz + interval '1 day') = 2024",
    "tz::date >= now()",
    "id = 1.5",
    "id::text = '07'",
    "id::text like '7%'",
    "id::text > '7'",
]
INDEXABLE = [
    "lower(name) = 'x'", "upper(v) = 'x'", "lower(v) like 'x%'", "md5(name) = 'x'", "length(name) = 4",
    "trim(name) = 'x'",
    "substring(name from 1 for 3) = 'abc'", "substr(name, 1, 3) = 'abc'", "left(name, 2) = 'ab'", "reverse(name) = 'x'",
    "coalesce(n, 0) = 5", "coalesce(name, '') = 'x'", "abs(n) = 5", "n + 1 = 5", "n % 10 = 3", "(n * 2) - 1 = 3",
    "data ->> 'k' = 'v'", "data -> 'k' = '1'", "ts::date = '2024-01-01'", "date_trunc('day', ts) = '2024-01-01'",
    "extract(month from ts) = 5", "n::text = '5'", "n::numeric = 1.5", "split_part(name, '@', 2) = 'x'",
    "replace(name, ' ', '') = 'x'", "mod(n, 3) = 1", "round(total) = 3",
]
NEVER_INDEXABLE = [
    "tz::date = '2024-01-01'", "date_trunc('day', tz) = '2024-01-01'", "to_char(ts, 'YYYY') = '2024'",
    "age(ts) > '1 day'",
    "extract(month from tz) = 5", "tz + interval '1 day' > '2024-01-01'", "ts::text = 'x'", "stable(n) = 5",
    "coalesce(tz, now()) > '2024-01-01'", "n + extract(day from now()) = 5", "concat(name, 'x') = 'x'",
    "lower(name || current_user) = 'x'", "tz::text = 'x'", "ts > tz", "name || ts = 'x'",
]

TABLE = (
    "create table t (id int, n int, total numeric, name text, v varchar(20), ts timestamp, tz timestamptz, data jsonb)",
    "insert into t select n, n, n, n, n, d, d::text::timestamptz from generate_series(timestamp '2023-12-30', "
    "'2024-04-02', '17 minutes') with ordinality as s (d, n)",
    "insert into t (ts, tz) values (null, null), ('infinity', 'infinity'), ('2024-03-31', '2024-03-31'), "
    "('2024-04-01', '2024-04-01'), ('2024-03-30 23:59:59.999999', '2024-03-30 23:59:59.999999')",
    "create function stable(int) returns int stable language sql as 'select $1'",
)


def read(database, statement: str):
    """The one condition of a filter as the server deparses it, and its column."""
    plan = database.admin.execute(f"explain (verbose, format json) select * from t where {statement}").fetchone()[0]
    (condition,) = conditions(plan[0]["Plan"]["Filter"])
    session = database.session()
    try:
        columns = {column.name: column for column in read_columns(session, [("public", "t")])}
    finally:
        session.close()
    return condition, columns[condition.column]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_rewritten_condition_returns_the_rows_it_did(newest, zone: str) -> None:
    newest.run(f"set timezone = '{zone}'", *TABLE)
    for statement in REWRITTEN:
        condition, column = read(newest, statement)
        text = rewritten(condition, column)
        assert text and column.quoted in text, statement
        ids = "select coalesce(array_agg(ctid::text order by ctid), '{}') from t where "
        assert newest.admin.execute(ids + statement).fetchone() == newest.admin.execute(ids + text).fetchone(), text


def test_what_has_no_rewrite_that_means_the_same_gets_none(newest) -> None:
    newest.run(*TABLE)
    assert {statement: rewritten(*read(newest, statement)) for statement in LEFT_ALONE} == dict.fromkeys(LEFT_ALONE, "")


def test_an_expression_that_is_proposed_for_an_index_may_have_one(database) -> None:
    database.run(*TABLE)
    for statement in INDEXABLE:
        key = indexable(*read(database, statement))
        assert key, statement
        database.run(f"create index on t ({key})")


def test_an_expression_that_may_have_no_index_is_not_proposed(newest) -> None:
    newest.run(*TABLE)
    proposed = {}
    for statement in NEVER_INDEXABLE:
        plan = newest.admin.execute(f"explain (verbose, format json) select * from t where {statement}").fetchone()[0]
        (condition,) = conditions(plan[0]["Plan"]["Filter"])
        if condition.column:
            proposed[statement] = indexable(*read(newest, statement))
    assert set(proposed.values()) == {""}
