"""What is seen in the text of queries, and where; and that what is not understood is said, whatever stands there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.facts.statement_text import Sight, StatementText
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqltext import read


def text_of(sql: str) -> StatementText:
    (text,) = read(split(sql, "f.sql"))
    return text


def seen(sql: str, *sights: Sight) -> list[str]:
    text = text_of(sql)
    assert not text.unseen, text.unseen
    return [sighting.text for sighting in text.sightings if not sights or sighting.sight in sights]


@pytest.mark.parametrize(
    ("sql", "place", "text"),
    [
        ("select 1 from t where a = 1 and t.b = null", (1, 33), "t.b = null"),
        ("with x as (\n  delete from only s.t\n) select 1", (2, 3), "delete from only s.t"),
        ("select 1 from t\n where lower( b ) = 'ö'", (2, 8), "lower( b )"),
        ("select 1 from t order by a offset /* x */ $1", (1, 28), "offset /* x */ $1"),
        ("select 1 from a, b as c where a.x > c.y", (), ""),
        ("select 'ö', 1 from a, b as c where a.x > 1", (1, 23), "b as c"),
        ("select 1 from t where a not\n in (select b from u)", (1, 25), "not in (select b from u)"),
        ("select 1 from t where (select count(*) from u) > 0", (1, 23), "(select count(*) from u) > 0"),
    ],
)
def test_a_sighting_has_its_exact_place(sql, place, text):
    found = text_of(sql).sightings
    assert [(one.span.line, one.span.column) for one in found] == ([place] if place else [])
    assert [one.text for one in found] == ([text] if text else [])


@pytest.mark.parametrize("value", ["$1", "%s", "%(a)s", ":a", "?", "@a", "sqlc.arg(a)", "sqlc.narg('a')", "$1::int", ":a::int"])
def test_every_placeholder_is_a_constant(value):
    for space in (" ", ""):
        assert seen(f"select 1 from t where lower(x) ={space}{value}") == ["lower(x)"]
    assert len(seen(f"select 1 from t order by x limit 5 offset {value}", Sight.OFFSET)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select a::int, b[1:n], c @> d, e ? 'f', g % h, i %s from j where k %(l) = 1",
        "select x from t where a is not distinct from b and c is distinct from d",
        "select percentile_cont(0.5) within group (order by a) from t group by grouping sets ((a), ())",
        "select t.from, t.where, a as limit, b as union from t",
        'select "from", "where" from "select"',
        "select * from rows from (f(1), g(2)) with ordinality as x(a, b) left join u on left(u.a, 1) = x.a",
        "select 1 from a left outer join (b join c using (i)) on a.i = b.i natural full join d cross join lateral f(a.i) g",
        "select 1 from a join b join c on b.i = c.i on a.i = b.i",
        "select 1 from a tablesample bernoulli (1) repeatable (2) join b using (i) as j where a.x = b.y",
        "select a, sum(b) over w from t window w as (partition by c order by d) order by a for update of t for share of u",
        "(select a from t limit 1) union all (select b from u order by c) order by 1",
        "((select 1) union (select 2)) except values (3)",
        "with recursive r (n) as materialized (values (1) union all select n + 1 from r) search depth first by n set o select * from r",
        "insert into t as x (a) overriding system value select b from u join v on u.i = v.i on conflict (a) do nothing returning a",
        "insert into t (a) with w as (select 1 as n) select n from w",
        "delete from t using a join b using (i) where t.i = a.i",
        "merge into t using (select 1 as i) s on t.i = s.i when matched and t.a = 1 then update set b = null when not matched then insert values (1)",
        "copy (select a from t) to stdout",
        "declare c cursor for select a from t",
        "prepare p (int) as select a from t where b = $1",
        "explain (analyze) select a from t",
        "table t",
        "values (1), (2)",
        "call p(1)",
        "vacuum (analyze) t",
    ],
)
def test_what_postgresql_understands_is_understood(sql):
    text = text_of(sql)
    assert text.unseen == ""


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select {{ a }} from t", "a template"),
        ("select {% if a %} 1 {% endif %}", "a template"),
        ("select (1", "brackets"),
        ("select a from t select b from u", "a second query"),
        ("select a from t where b where c", "WHERE stands in it twice"),
        ("select a from t u v", "FROM clause"),
        ("select a from", "FROM clause is empty"),
        ("select a from t limit", "LIMIT clause is empty"),
        ("select a from t order by", "ORDER clause is empty"),
        ("update t where a = 1", "not understood"),
        ("with a select 1", "WITH clause"),
        ("selec 1", "selec"),
        ("select 1 union", "not understood"),
        ("select 1 from " + "(" * 3000 + "a" + ")" * 3000, "nested too deeply"),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_not_understood_is_said(sql, reason):
    text = text_of(sql)
    assert reason in text.unseen and text.sightings == ()


def test_brackets_around_a_condition_may_be_as_deep_as_they_like():
    deep = "select 1 from t where " + "(" * 5000 + "a = null" + ")" * 5000
    assert seen(deep, Sight.EQUALS_NULL) == ["a = null"]


def test_long_lists_are_counted():
    (found,) = text_of(f"select 1 from t where a in ({', '.join(map(str, range(50_000)))})").sightings
    assert found.number == 50_000 and len(found.text) <= 200


WORDS = "select from where a t. b , ( ) = null not in exists like '%x' or and between 1 union all with x as ( select 1 )".split(" ")
WORDS += "limit 5 offset $1 order by random() insert into values update set delete using join on left lateral case end".split(" ")
WORDS += ["count(*) > 0", ":a", "%(b)s", "?", "::", "int", "distinct", "returning", "on conflict", "merge", "when", "{", "[", "]", "explain", "*"]


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
@settings(deadline=None, max_examples=500)
def test_whatever_stands_in_a_text_its_reading_is_sightings_or_a_reason(sql):
    for text in read(split(sql, "f.sql")):
        assert not (text.unseen and text.sightings)
        for one in text.sightings:
            assert one.span.line == one.span.end_line == 1 and one.span.column < one.span.end_column


@given(st.text(alphabet="select from where(),.;='\"%:?@${}[]*/-\n\\", max_size=60))
@settings(deadline=None, max_examples=300)
def test_no_text_at_all_raises(text):
    read(split(text, "f.sql"))
