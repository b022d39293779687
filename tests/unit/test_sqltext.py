"""What the text of a statement says: each star that reaches a relation, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.facts.statement_text import Category, StatementText
from dbaudit.finding import Span
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqltext import read


def text_of(sql: str) -> StatementText:
    return read(split(sql, "f.sql"))[0]


def stars(sql: str) -> list[tuple[str, str]]:
    text = text_of(sql)
    assert text.is_read, text.reason
    return [(star.text, ", ".join(star.relations)) for star in text.select_stars]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from t", [("*", "t")]),
        ("select t . *, a from public.t", [("t . *", "public.t")]),
        ('select s.t.*, "U".* from s.t, x as "U"', [("s.t.*", "s.t"), ('"U".*', "x")]),
        ("select distinct on (a) * from t", [("*", "t")]),
        ("select all * from only t x, u", [("*", "t, u")]),
        ("select a, * from t natural join u left join v using (a)", [("*", "t, u, v")]),
        ("select * from ((a join b on true) join c on true)", [("*", "a, b, c")]),
        ("select j.* from (a join b using (i)) as j", [("j.*", "a, b")]),
        ("select x.* from t x where x.a in (select * from u)", [("x.*", "t"), ("*", "u")]),
        ("select (select t.*) from t", [("t.*", "t")]),
        ("select array(select * from t)", [("*", "t")]),
        ("select * from t union all (select * from u) order by 1", [("*", "t"), ("*", "u")]),
        ("select f.*, y.* from f(1) f join lateral (select * from u where u.a = f.a) y on true", [("*", "u")]),
        ("with t as (select * from t) select * from t", [("*", "t")]),
        ("with a as (select * from b), b as (select 1 x) select * from a, b", [("*", "b")]),
        ("with recursive r as (select 1 union all select * from r) select * from r", []),
        ("with T as (select 1 x) select * from t", []),
        ('with "T" as (select 1 x) select * from t', [("*", "t")]),
        ("with t as (select 1 x) select * from public.t", [("*", "public.t")]),
        ("insert into t with c as (select 1) select * from c", []),
        ("insert into t select * from u", [("*", "u")]),
        ("insert into t as x values (1) on conflict do nothing returning x.*", [("x.*", "t")]),
        ("update t set a = 1 from (select 1) s returning *, s.*", [("*", "t")]),
        ("delete from t x using u returning x.*, u.*", [("x.*", "t"), ("u.*", "u")]),
        ("delete from t returning old.*, new.*", [("old.*", "t"), ("new.*", "t")]),
        ("with d as (delete from t returning *) select * from d", [("*", "t")]),
        ("merge into t using s on true when matched then do nothing returning t.*", [("t.*", "t")]),
        ("merge into t x using (a join s using (i)) on true when not matched then do nothing returning *, s.*",
         [("*", "t, a, s"), ("s.*", "s")]),
        ("with t as (select 1 x) update t set a = 1 returning *", [("*", "t")]),
        ("with t as (select 1 x) update u set a = 1 from t returning *, t.*", [("*", "u")]),
        ("with t as (select 1 x), u as (with v as (select 2) select * from v, w) select * from t, u", [("*", "w")]),
        ("select (with t as (select 1) select * from t) from t, (select t.* from t) u", [("t.*", "t")]),
        ("update t set a = 1 where current of c returning with (old as o, new n) o.*, old.*, *",
         [("o.*", "t"), ("old.*", "t"), ("*", "t")]),
        ("insert into s.t (f[0]) values (1) returning t.*, s.t.*", [("t.*", "s.t"), ("s.t.*", "s.t")]),
        ("select x.* from s.t, u.t x", [("x.*", "u.t")]),
        ("select u.t.* from s.t, u.t", [("u.t.*", "u.t")]),
        ("select b.*, x.* from a join b using (i) as x", [("b.*", "b")]),
        ("select * from t * where a", [("*", "t")]),
        ("select * from t tablesample system (a) repeatable (b), u", [("*", "t, u")]),
        ("select t.* as x, t.* y from t", [("t.*", "t"), ("t.*", "t")]),
        ("with recursive g as (select * from e union all select e.* from e, g) search depth first by f set s select * from g",
         [("*", "e"), ("e.*", "e")]),
        ("select json_array(select * from t returning jsonb)", [("*", "t")]),
        ("explain (analyze, verbose) select * from t", [("*", "t")]),
        ("copy (select * from t) to stdout", [("*", "t")]),
        ("prepare p (int) as select * from t where a = $1", [("*", "t")]),
        ("declare c cursor with hold for select * from t", [("*", "t")]),
        ("select * /* /* nested */ select * from u */ from t where a <<| $1", [("*", "t")]),
        ("select * from t where b @> E'\\'' and c &< 1_000", [("*", "t")]),
        ("select xmltable.*, x.* from x, xmltable('/' passing a columns b int)", [("x.*", "x")]),
        ("select * from t where a = :a and b = %(b)s and c = %s and d = $1", [("*", "t")]),
    ],
)
def test_a_star_over_a_relation_is_told_with_what_it_reaches(sql, expected):
    assert stars(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*), sum(a) * 2, a * b, (a + 1) * 2, t.a * 2, f(a) * g(b) from t",
        "select count(t.*), row(t.*), t.*::text, to_json(t.*) from t",
        "select (a.b).*, (f(x)).* from a",
        "select 1 from t where exists (select * from u) and not exists (select u.* from u)",
        "select 1 from t where exists (select * from u union all select * from v)",
        "select * from (select a from t) x, (values (1)) y, generate_series(1, 2) z, unnest(array[1]) u, current_date",
        "select * from rows from (f(1), g(2)) r",
        "select * from json_to_recordset($1) as x(a int), lateral f(x.a)",
        "select * from ((select 1)) x",
        "select '*', \"*\", $$ select * from t $$ /* select * */ from t -- select *",
        "select a operator(pg_catalog.*) b from t",
        "create view v as select * from t",
        "create table c as select * from t",
        "create function f() returns setof t begin atomic select * from t; end",
        "values (1), (2 * 3)",
        "explain analyze create table c as select * from t",
        "select 1 where exists ((select * from t) union (select * from u limit 1))",
        "select 1 where exists (with x as (select 1) select * from t, x)",
        "select x.* from a join b using (i) as x",
        "select * from session_user, json_table('[]', '$[*]' columns (a int path '$')) j",
        "call p(1, 2 * 3)",
    ],
)
def test_other_stars_are_not_told(sql):
    assert stars(sql) == []


def test_a_star_has_its_exact_place():
    (text,) = read(split("\n -- stars\n select 'größe', o . *\n   ,* from orders o;", "f.sql"))
    assert [star.span for star in text.select_stars] == [
        Span(path="f.sql", line=3, column=18, end_line=3, end_column=23),
        Span(path="f.sql", line=4, column=5, end_line=4, end_column=6),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "select nope.* from t",
        "select o.* from t",
        "prepare p select * from t",
        "select t.* from t where a = (1",
        "select t.* from {{ t }}",
        "frobnicate t returning *",
        "select (select * t) from (select u.* from t",
        "select * frm t whre",
    ],
    ids=lambda sql: sql[:40],
)
def test_what_is_not_understood_is_not_read(sql):
    text = text_of(sql)
    assert (text.is_read, text.select_stars) == (False, ())
    assert text.reason


@pytest.mark.parametrize(
    ("sql", "category"),
    [
        ("select 1", Category.SELECT),
        ("(table t)", Category.SELECT),
        ("with a as (insert into t values (1) returning a) select a from a", Category.SELECT),
        ("with a as (select 1) insert into t select 1 from a", Category.DML),
        ("merge into t using s on true when matched then delete", Category.DML),
        ("alter table t add a int", Category.DDL),
        ("vacuum t", Category.OTHER),
    ],
)
def test_what_a_statement_is_for(sql, category):
    assert text_of(sql).category is category


def test_pieces_that_are_not_sql_are_left_out():
    assert len(read(split("\\i other.sql\ncopy t from stdin;\n* \n\\.\nselect 1;", "f.sql"))) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "select t.* from t where a = " + "(" * 5000 + "1" + ")" * 5000,
        "select t.*, " + "array[" * 5000 + "1" + "]" * 5000 + " from t",
        "select t.* from t where a in (" + "1, " * 100_000 + "1)",
        "select 1 from (" * 300 + "select t.* from t" + ") s" * 300,
        "select t.* from t where a in (select 1) and " + " and ".join(["b in (select 1 from u)"] * 2000),
    ],
    ids=lambda sql: sql[:40],
)
def test_a_statement_may_be_long_and_deep(sql):
    assert stars(sql) == [("t.*", "t")]


WORDS = ["select", "*", ".", ",", "(", ")", "t", "from", "where", "exists", "with", "as", "join", "returning", "insert into"]
WORDS += ["delete from", "union", "lateral", "'x'", "1", "explain", "values", "on", "=", "[", "]", "::", "distinct", "case"]


@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
@settings(deadline=None, max_examples=300)
def test_whatever_stands_in_a_text_its_reading_is_a_star_or_a_reason(sql):
    lines = sql.splitlines()
    for text in read(split(sql, "f.sql")):
        assert text.is_read != bool(text.reason)
        for star in text.select_stars:
            assert star.text.endswith("*") and star.relations
            assert lines[0][star.span.column - 1 : star.span.end_column - 1] == star.text
