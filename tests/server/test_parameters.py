"""Statements with parameters: what is sent for them, what they are tried with, and what is told of that."""

import pytest

from dbaudit.facts.statement import GENERIC_PLAN, Explained, How, ValueSet
from dbaudit.report import plan_change
from dbaudit.sources.given import with_values
from dbaudit.sources.placeholders import read
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.sqlfile import split

ORDERS = (
    "create table orders (id int primary key, state text, total numeric, made timestamptz, tags jsonb, due interval)",
    "insert into orders select g, case when g % 500 = 0 then 'paid ' || g else 'secretly open' end, g,"
    " '2024-01-01'::timestamptz + g * interval '1 hour', '{\"a\": 1}', '1 day' from generate_series(1, 20000) g",
    "create index on orders (state)",
    "create index on orders (made)",
    "analyze orders",
)


@pytest.fixture
def shop(database):
    database.run(*ORDERS)
    return database


@pytest.fixture
def newest_shop(newest):
    newest.run(*ORDERS)
    return newest


def one(database, text: str, **options) -> Explained:
    (explained,) = explain(database.session(), split(text, "queries.sql"), **options)
    return explained


def outcomes(explained: Explained) -> dict[str, tuple]:
    """How each set of values was planned and how many rows it came to."""
    return {
        variant.name: (next(node for node in variant.plan.nodes() if node.relation).node_type, variant.plan.root.actual_rows)
        for variant in explained.variants
    }


@pytest.mark.parametrize("placeholder", ["$1", "%s", "%(state)s", ":state", "?", "@state", "sqlc.arg(state)", ":'state'"])
def test_a_statement_is_tried_with_a_common_a_rare_and_an_absent_value(shop, placeholder):
    explained = one(shop, f"select id, total from orders where state = {placeholder}")
    assert explained.how is How.ANALYZED
    found = outcomes(explained)
    assert list(found) == ["common value", "rare value", "absent value", GENERIC_PLAN]
    assert found["common value"] == ("Seq Scan", 19960)
    assert found["rare value"][1] == 1 and found["rare value"][0] != "Seq Scan"
    assert found["absent value"][1] == 0
    assert explained.plan is explained.variants[0].plan, "the slowest is judged"
    assert explained.plan.root.filter == "(orders.state = $1::text)"
    assert "the plan changes: Seq Scan on orders for the common value" in plan_change.sentence(explained)


def test_values_are_shown_only_where_that_is_asked(newest_shop):
    text = "select state, lower($1), total from orders where state = $1 and total > -7"
    hidden = one(newest_shop, text)
    assert "secretly" not in repr(hidden) + str([variant.plan.raw for variant in hidden.variants])
    assert "-7" in hidden.plan.root.filter or "'-7'" in hidden.plan.root.filter
    shown = one(newest_shop, text, show_values=True)
    assert shown.variants[0].values == {"1": "secretly open"}
    assert "secretly open" in shown.plan.root.filter


def test_a_value_is_hidden_however_the_server_prints_it(newest_shop):
    text = "-- dbaudit: param at = '2024-3-1 0:00'\n-- dbaudit: param n = '0042.50'\n"
    explained = one(newest_shop, text + "select id from orders where made > :at and total = :n and id < 31337")
    shown = explained.variants[0].plan.root
    conditions = f"{shown.filter} {shown.index_cond}"
    assert "2024" not in conditions and "42.5" not in conditions and "31337" in conditions
    assert "orders.made > $1::timestamp with time zone" in conditions and "orders.total = $2" in conditions


def test_an_optional_condition_is_tried_without_its_value(shop):
    explained = one(shop, "select id from orders where ($1::text is null or state = $1)")
    assert outcomes(explained)["NULL"][1] == 20_000
    explained = one(shop, "select id from orders where (:state is null or state = :state) and (:id is null or id = :id)")
    assert outcomes(explained)["NULL"][1] == 20_000


def test_without_analyze_the_plans_are_compared_and_nothing_is_run(shop):
    explained = one(shop, "select id from orders where state = $1", analyze=False)
    assert (explained.how, explained.reason) == (How.PLANNED, "--no-analyze")
    assert len(explained.variants) == 4 and not any(variant.plan.was_run for variant in explained.variants)


def test_a_range_is_wide_for_the_common_values_and_narrow_for_the_rare_ones(newest_shop):
    explained = one(newest_shop, "select id from orders where made >= :from and made < :to limit :n offset :skip")
    found = {name: rows for name, (_, rows) in outcomes(explained).items()}
    assert found["common value"] == 20 and explained.plan.root.node_type == "Limit"
    text = "select id from orders where made >= %(from)s and made < %(to)s"
    found = {name: rows for name, (_, rows) in outcomes(one(newest_shop, text)).items()}
    assert 17_000 < found["common value"] < 19_000 and 500 < found["rare value"] < 1_500


@pytest.mark.parametrize(
    "text",
    [
        "select id from orders where state = any($1)",
        "select id from orders where state in (?, ?)",
        "select id from orders where id between ? and ?",
        "select id from orders where lower(state) = lower($1)",
        "select id from orders where ($1 is null or state = $1)",
        "select id from orders where $1 is null or id = $1",
        "select o.id from orders o join orders p on p.id = o.id where p.state = @state",
        "select id from orders where state like %s limit %s",
    ],
)
def test_the_column_is_found_in_every_form_of_a_comparison(shop, text):
    explained = one(shop, text)
    assert explained.how is How.ANALYZED, (explained.reason, explained.refusal)


@pytest.mark.parametrize(
    "text",
    [
        "select id from orders where made > now() - interval $1",
        "select id from orders where made > timestamptz $1",
        "select id from orders where made > now() - $1",
        "select id from orders where extract($1 from made) = 2024",
        "select json_build_object($1, id) from orders where id = 1",
    ],
)
def test_what_cannot_be_prepared_as_it_is_written_is_planned_all_the_same(shop, text):
    explained = one(shop, text)
    assert explained.how in (How.PLANNED, How.ANALYZED), (explained.reason, explained.refusal)
    assert explained.plan


@pytest.mark.parametrize("text", ["select $1 + $2", "select * from generate_series($1, $2)"])
def test_a_parameter_whose_type_nothing_tells_is_said(newest, text):
    explained = one(newest, text)
    assert explained.how is How.NOT_RUN and "write it as $1::type" in explained.reason


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("select id from orders where tags ? 'a' and id = ?", How.ANALYZED),
        ("select id from orders where tags ?| array['a'] and tags @> '{}' and id = 1", How.ANALYZED),
        ("select id from orders where id %2 = 1 and id = %s", How.ANALYZED),
        ("select id, @total from orders where id = 7", How.NOT_RUN),
        ("select id, @ total from orders where id = 7", How.ANALYZED),
        ("select (array[id])[:id] from orders where id = 7", How.ANALYZED),
        ("select id from orders where id=?", How.ANALYZED),
    ],
)
def test_an_operator_of_postgresql_is_none_of_our_placeholders(newest_shop, text, how):
    explained = one(newest_shop, text)
    if how is How.NOT_RUN:
        assert explained.how is How.PLANNED and "no value is known for total" in explained.reason
    else:
        assert explained.how is how, (explained.reason, explained.refusal)


def test_values_beside_the_statement_are_bound_and_not_pasted(newest_shop):
    text = "-- name: of_state\n-- dbaudit: param state = 'x'' or true --'\nselect id from orders where state = :state"
    explained = one(newest_shop, text, show_values=True)
    assert explained.plan.root.actual_rows == 0
    assert explained.variants[0].values == {"state": "x' or true --"}


def test_values_of_a_file_are_tried_set_by_set(newest_shop):
    sets = (ValueSet(name="large", values={"state": "secretly open"}), ValueSet(name="small", values={"state": "paid 500"}))
    (statement,) = with_values(split("-- name: q\nselect id from orders where state = :state", "q.sql"), {"q": sets})
    (explained,) = explain(newest_shop.session(), [statement])
    assert {name: rows for name, (_, rows) in outcomes(explained).items() if name != GENERIC_PLAN} == {
        "large": 19960, "small": 1,
    }


def test_a_value_that_is_none_of_its_type_is_said_without_it(newest_shop):
    text = "-- dbaudit: param id = 'confidential'\nselect state from orders where id = :id"
    explained = one(newest_shop, text)
    assert explained.how is How.PLANNED and explained.statement.value_sets == ()
    assert explained.reason.endswith("refused: invalid input syntax for type integer: \"$1\"")


def test_a_refusal_points_to_the_placeholder_in_the_file(newest_shop):
    explained = one(newest_shop, "select id\nfrom orders\nwhere state = %(some_state)s and nope = 1")
    assert explained.how is How.REJECTED
    assert (explained.refusal.span.line, explained.refusal.span.column) == (3, 34)
    explained = one(newest_shop, "select id from orders\nwhere id = :first::int and id = :second::date")
    assert (explained.refusal.span.line, explained.refusal.span.column) == (2, 31)


def test_a_template_is_said_and_not_sent(newest):
    for text in ("select * from {{ ref('x') }}", "select * from :table", 'select :"column"'):
        explained = one(newest, text)
        assert explained.how is How.NOT_RUN and not explained.refusal


ACTS = (
    "create function sneaky(text) returns boolean language plpgsql volatile as"
    " 'begin perform pg_advisory_lock(1); return true; end'",
    "create domain checked as text check (sneaky(value))",
    "create table guarded (name checked)",
    "create view acting as select id, sneaky(state) as acted, state from orders",
)


@pytest.mark.parametrize(
    "text",
    [
        "select id from orders where sneaky($1)",
        "select id from orders where state = $1 and sneaky(state)",
        "select acted from acting where state = $1",
        "select $1::checked from orders where state = 'x'",
        "select id from orders where state = $1 for update",
        "delete from orders where state = $1 returning id",
        "with gone as (delete from orders where state = $1 returning id) select * from gone",
        "insert into guarded values ($1) returning name",
        "select id into made from orders where state = $1",
        "select nextval($1)",
        "select dblink_exec($1)",
    ],
)
def test_what_acts_is_not_run_with_any_value(shop, text):
    shop.run(*ACTS)
    beside = "-- dbaudit: param 1 = 'secretly open'\n"
    for each in (one(shop, text), one(shop, beside + text)):
        assert each.how not in (How.ANALYZED, How.TIMED_OUT)
        assert not any(variant.how in (How.ANALYZED, How.TIMED_OUT) for variant in each.variants)
    assert shop.admin.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)
    assert shop.admin.execute("select count(*), to_regclass('made') from orders").fetchone() == (20000, None)


def test_an_operator_that_acts_on_a_value_is_met_before_it_is_bound(shop):
    shop.run(
        "create function sly(text, text) returns boolean language plpgsql immutable as"
        " 'begin perform pg_advisory_lock(1); return true; end'",
        "create operator === (function = sly, leftarg = text, rightarg = text)",
    )
    explained = one(shop, "-- dbaudit: param a = 'x'\nselect id from orders where :a === 'b'")
    assert explained.how in (How.NOT_RUN, How.PLANNED)
    assert shop.admin.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)


def test_every_set_has_the_whole_time_for_itself(newest_shop):
    text = "select count(*) from orders a, orders b, orders c where a.state = $1 and b.total < c.total"
    explained = one(newest_shop, text, timeout_ms=200)
    assert (explained.how, explained.limit_ms) == (How.TIMED_OUT, 200)
    assert [variant.how for variant in explained.variants][0] is How.TIMED_OUT


def test_no_operator_that_a_server_knows_is_taken_for_a_placeholder(database):
    """Alone, glued to its operands and not: what is changed at all is sent as it is written first."""
    for extension in ("hstore", "ltree", "intarray", "pg_trgm", "cube", "citext"):
        database.run(f"create extension {extension}")
    known = database.admin.execute("select distinct oprname, oprkind from pg_operator").fetchall()
    assert ("?", "b") in known and ("@", "l") in known and len(known) > 100
    for operator, kind in known:
        both = ["x {} y", "x{}y", "x {}y", "(x){}'y'", "x[1]{} y", "1{}(2)", '"x"{}"y"', "x{}s", "x{}(s)", "f(x){}z.s", "$1{}$2"]
        before = ["{} x", "{}(x)", "{}x.y", "{}'1'", "{}f(x)", "{}1", '{}"x"']
        for form in both if kind == "b" else before:
            text = "select " + form.format(operator)
            reading = read(text)
            assert not reading.edits or reading.is_ambiguous, text
            assert not reading.reason_not_sql, text
