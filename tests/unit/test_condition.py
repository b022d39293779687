"""Conditions as PostgreSQL deparses them, read back. The texts are those of real EXPLAINs, PostgreSQL 14 to 18."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaudit.facts.condition import Form, Reference, conditions, seen_from


def only(text: str):
    (condition,) = conditions(text)
    return condition


@pytest.mark.parametrize(("text", "column", "operator", "value"), [
    ("(t.big = 5)", "big", "=", "5"),
    ("(t.big = '-5'::integer)", "big", "=", "'-5'::integer"),
    ("(5 < t.n)", "n", ">", "5"),
    ("(t.n = ANY ('{1,2,3}'::integer[]))", "n", "= ANY", "('{1,2,3}'::integer[])"),
    ("(t.n <> ALL ('{1,2,3}'::integer[]))", "n", "<> ALL", "('{1,2,3}'::integer[])"),
    ("(t.name ~~* 'x%'::text)", "name", "~~*", "'x%'::text"),
    ("(t.n IS NULL)", "n", "IS NULL", ""),
    ("(t.n IS NOT NULL)", "n", "IS NOT NULL", ""),
    ("t.active", "active", "IS TRUE", ""),
    ("(NOT t.active)", "active", "IS FALSE", ""),
    ("(t.active IS NOT TRUE)", "active", "IS NOT TRUE", ""),
    ("(t.ts > (now() - '1 day'::interval))", "ts", ">", "(now() - '1 day'::interval)"),
    ("(t.n = $0)", "n", "=", "$0"),
    ("(t.n = (InitPlan 1).col1)", "n", "=", "(InitPlan 1).col1"),
    ("""(t."Weird ""Col" = 'it''s \\ ok'::text)""", 'Weird "Col', "=", "'it''s \\ ok'::text"),
    ("(t.data @> '{\"a\": 1}'::jsonb)", "data", "@>", "'{\"a\": 1}'::jsonb"),
])
def test_a_bare_column(text: str, column: str, operator: str, value: str) -> None:
    condition = only(text)
    assert (condition.form, condition.alias, condition.column) == (Form.COLUMN, "t", column)
    assert (condition.operator, condition.value) == (operator, value)


@pytest.mark.parametrize(("text", "form", "column", "function", "cast", "expression"), [
    ("((t.email)::text = 'x'::text)", Form.CAST, "email", "", "text", "(email)::text"),
    ("((t.id)::double precision = '1.5'::double precision)", Form.CAST, "id", "", "double precision",
     "(id)::double precision"),
    ("((t.ts)::timestamp(3) with time zone > now())", Form.CAST, "ts", "", "timestamp(3) with time zone",
     "(ts)::timestamp(3) with time zone"),
    ("(lower((t.email)::text) = 'x'::text)", Form.FUNCTION, "email", "lower", "", "lower((email)::text)"),
    ("(app.slug(t.name) = 'x'::text)", Form.FUNCTION, "name", "app.slug", "", "app.slug(name)"),
    ("(EXTRACT(year FROM t.created_at) = '2024'::numeric)", Form.FUNCTION, "created_at", "EXTRACT", "",
     "EXTRACT(year FROM created_at)"),
    ("(date_trunc('day'::text, t.at) = '2024-01-05 00:00:00+00'::timestamp with time zone)", Form.FUNCTION, "at",
     "date_trunc", "", "date_trunc('day'::text, at)"),
    ("(COALESCE(t.n, 0) = 5)", Form.FUNCTION, "n", "COALESCE", "", "COALESCE(n, 0)"),
    ("((t.id + 1) = 5)", Form.EXPRESSION, "id", "", "", "(id + 1)"),
    ("((t.data ->> 'k'::text) = 'v'::text)", Form.EXPRESSION, "data", "", "", "(data ->> 'k'::text)"),
    ("(((t.dom)::integer + 0) = 5)", Form.EXPRESSION, "dom", "", "", "((dom)::integer + 0)"),
])
def test_a_column_with_something_around_it(text, form, column, function, cast, expression) -> None:
    condition = only(text)
    assert (condition.form, condition.column, condition.function) == (form, column, function)
    assert (condition.cast, condition.expression, condition.operator) == (cast, expression, condition.operator)


@pytest.mark.parametrize("text", [
    "CASE WHEN (t.n = 1) THEN true ELSE false END",
    "(ROW(t.n, t.id) > ROW(1, 2))",
    "(t.n IS DISTINCT FROM 5)",
    "starts_with(t.name, 'x'::text)",
    "('a'::text = ANY (t.tags))",
    "(lower(t.a, t.b) = 'x'::text)",
    "(hashed SubPlan 1)",
    "(NOT (hashed SubPlan 1))",
    "(t.id = (SubPlan 1))",
    "(NOT (ANY (t.customer_id = (hashed SubPlan 1).col1)))",
    "(alternatives: SubPlan 1 or hashed SubPlan 2)",
])
def test_what_is_not_understood_is_other(text: str) -> None:
    assert only(text).form is Form.OTHER


def test_conjuncts_are_told_apart_at_the_top_only() -> None:
    found = conditions("((t.a >= 1) AND (t.a <= 10) AND ((t.n = 1) OR (t.name = 'x AND y'::text)))")
    assert [(each.column, each.operator) for each in found[:2]] == [("a", ">="), ("a", "<=")]
    assert found[2].form is Form.EITHER
    assert [branch.column for branch in found[2].branches] == ["n", "name"]
    assert found[2].columns == (Reference(alias="t", column="n"), Reference(alias="t", column="name"))


def test_a_join_condition_knows_the_columns_of_the_other_side() -> None:
    condition = only("(o.customer_id = c.id)")
    assert (condition.alias, condition.column) == ("o", "customer_id")
    assert condition.value_columns == (Reference(alias="c", column="id"),)


def test_a_function_of_the_other_relation_stays_on_the_other_side() -> None:
    condition = only("(lower(c.email) = o.email)")
    assert (condition.form, condition.alias, condition.column) == (Form.COLUMN, "o", "email")


def test_literals_and_collations_of_the_value() -> None:
    assert only("(t.name ~~ '%it''s'::text)").literal == "%it's"
    assert only("(t.n = 5)").literal is None
    collated = only("((t.email)::text = 'x'::text COLLATE \"C\")")
    assert (collated.literal, collated.value_type, collated.value_collation) == ("x", "text", '"C"')


def test_names_without_an_alias_are_read_from_plans_that_are_not_verbose() -> None:
    condition = only("(lower((email)::text) = 'x'::text)")
    assert (condition.alias, condition.column, condition.expression) == ("", "email", "lower((email)::text)")


def test_no_text_has_no_conditions() -> None:
    assert conditions("") == ()


@given(st.text(alphabet="ab\"'()[]:=<>~.,$ ANDORnull1\\é\n", max_size=80))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    for condition in conditions(text):
        assert condition.text in text
        assert condition.literal is None or isinstance(condition.literal, str)


@pytest.mark.parametrize("text", ["(" * 100_000, "(NOT " * 20_000, "'a''" * 50_000, '"' * 99_999, ")" * 100_000],
                         ids=["brackets", "not", "strings", "names", "closing"])
def test_depth_and_open_ends_do_no_harm(text: str) -> None:
    assert conditions(text)


def test_a_join_condition_seen_from_either_side() -> None:
    condition = only("(c.id < o.customer_id)")
    flipped = seen_from(condition, "o")
    assert (flipped.alias, flipped.column, flipped.operator, flipped.value) == ("o", "customer_id", ">", "c.id")
    assert flipped.value_columns == (Reference(alias="c", column="id"),)
    assert seen_from(condition, "c") is condition
    wrapped = only("(c.id = (o.customer_id + 1))")
    assert seen_from(wrapped, "o") is wrapped
