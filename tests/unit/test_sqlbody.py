"""The bodies of routines: those in SQL are read, with their places in the file; others are said not to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqltext import read


def inner(sql: str) -> list[StatementText]:
    return list(read(split(sql, "f.sql")))[1:]


@pytest.mark.parametrize(
    "sql",
    [
        "create function f() returns void language sql as $$ delete from t; $$",
        "CREATE OR REPLACE FUNCTION s.f(a int, b text default ')') RETURNS void AS $x$ delete from t $x$ LANGUAGE SQL STABLE",
        "create procedure f() as 'delete from t' language 'sql'",
        'create function f() returns table (a int, "as" text) cost 10 language "sql" as $$ delete from t $$',
        "create function f() returns void begin atomic delete from t; end",
        "create procedure f(language int) language sql begin atomic delete from t; end",
    ],
)
def test_a_body_in_sql_is_read(sql):
    (text,) = inner(sql)
    (sighting,) = text.sightings
    assert sighting.sight is Sight.NO_WHERE
    start = sql.index("delete") + 1
    assert (sighting.span.line, sighting.span.column, sighting.span.end_column) == (1, start, start + len("delete from t"))
    assert text.statement.span.column == start


@pytest.mark.parametrize(
    "sql",
    [
        "create function f() returns trigger language plpgsql as $$ begin delete from t; end $$",
        "create function f() returns void as $$ delete from t $$",
        "create function f() returns int language internal as 'delete from t'",
        "create procedure f() language sql as 'delete from t where a = ''x'''",
        "create function f() returns int return (select 1)",
        "create function f() returns int language sql as 'delete from t where a = ",
        "create function f(language sql) returns int language c as $$ delete from t $$",
        "do $$ delete from t $$",
        "do language sql $$ delete from t $$",
        "create function f() language sql as",
        "create function",
        "create function f(",
        "create function f() returns int language sql as $$ delete from t",
    ],
)
def test_any_other_is_said_not_to_be(sql):
    texts = read(split(sql, "f.sql"))
    assert [(text.has_unread_body, text.sightings) for text in texts] == [(True, ())]


def test_places_are_those_of_the_file():
    sql = "select 1;\n\ncreate function f()\r\n returns void language sql as $$ delete from a;\n  select 1, t.*\n  from t $$;"
    first, second = (text for text in read(split(sql, "f.sql")) if text.statement.name)
    span = first.statement.span
    assert (span.line, span.column, span.end_line, span.end_column) == (4, 34, 4, 47)
    (star,) = second.select_stars
    assert (star.span.line, star.span.column, star.span.end_column) == (5, 13, 16)
    assert (second.statement.span.line, second.statement.span.end_line) == (5, 6)


def test_statements_of_a_body_are_called_as_the_routine_and_are_no_migration():
    texts = inner("create function public.f() language sql as $$ delete from a; -- name: b\ndelete from b; delete from c $$")
    assert [text.statement.name for text in texts] == ["public.f", "b", "public.f#2"]
    assert len({text.statement.identity for text in texts}) == 3


def test_arguments_are_parameters():
    sql = "create function f(in p_id int, n text) returns int language sql as $$ select a from t where {} $$"
    assert inner(sql.format("id = p_id limit 1"))[0].sightings == ()
    assert inner(sql.format("lower(t.b) = N"))[0].sightings[0].sight is Sight.FUNCTION_ON_COLUMN
    assert inner(sql.format("lower(t.n) = p_id"))[0].sightings[0].names == ("t.n", "t")
    assert inner("create function f(t int) language sql as $$ delete from t $$")[0].sightings[0].names == ("DELETE", "t")


@pytest.mark.parametrize(
    ("returns", "stars"),
    [("setof orders", 0), ("public.Orders", 0), (":schema.orders", 0), ("setof s.other", 1), ("setof record", 1), ("table (a int)", 1), ("trigger", 1), ("orders", 0)],
)
def test_a_star_that_is_the_row_type_returned_is_meant(returns, stars):
    (text,) = inner(f"create function f() returns {returns} language sql as $$ select * from orders $$")
    assert len(text.select_stars) == stars


@given(st.lists(st.sampled_from("create function procedure f ( ) returns setof language sql as $$ ' begin atomic end ; , . a int".split())))
def test_nothing_is_too_strange(words):
    for text in read(split("create function " + " ".join(words), "f.sql")):
        assert text.statement.text


def test_a_body_may_return_an_expression():
    assert inner("create function f() returns int begin atomic select 1; return 2; end")[0].statement.text == "select 1"
    assert len(inner("create function f() returns int begin atomic select 1; return 2; end")) == 1
