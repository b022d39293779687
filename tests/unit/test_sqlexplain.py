"""EXPLAIN before a statement of a file: the statement is what is audited, at its own place."""

import pytest

from dbaudit.facts.statement import Kind
from dbaudit.facts.statement_text import Category
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqltext import read


@pytest.mark.parametrize(
    "prefix",
    [
        "EXPLAIN",
        "explain analyze",
        "EXPLAIN ANALYSE VERBOSE",
        "explain verbose",
        "EXPLAIN (ANALYZE, BUFFERS)",
        "explain(analyze)",
        "EXPLAIN (ANALYZE TRUE, VERBOSE off, COSTS 1, FORMAT 'json', settings on)",
        "explain (\"analyze\" 0, summary -1, timing + 1.5, wal E'on', whatever \"Maybe\")",
        "explain /* (select 1) */ -- select 2\n  (generic_plan, memory, serialize text)\n",
    ],
)
@pytest.mark.parametrize("inner", ["select * from t", "(select 1) union select 2", "((table t))", "with x as (select 1) delete from t"])
def test_what_is_explained_is_the_statement(prefix, inner):
    text = f"select 0;\n-- name: x\n  {prefix} {inner} ;"
    _, statement = split(text, "f.sql")
    assert (statement.name, statement.text, statement.kind) == ("x", inner, Kind.SQL)
    before = text[: text.rindex(inner)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert (statement.span.line, statement.span.column) == (line, column)
    assert statement.place(1).column == column
    (alone,) = split(inner, "f.sql")
    assert (statement.command, statement.identity) == (alone.command, "x")


@pytest.mark.parametrize("inner", ["(select 1)", "(values (1))", "(table t)", "(with x as (select 1) select 2)", "((select 1))"])
def test_a_query_in_parentheses_is_no_list_of_options(inner):
    (statement,) = split(f"explain {inner}", "f.sql")
    assert statement.text == inner


@pytest.mark.parametrize(
    "text",
    [
        "explain execute p (1)",
        "explain analyze execute p",
        "explain (analyze) declare c cursor for select 1",
        "explain create table a as select 1",
        "explain refresh materialized view m",
        # What PostgreSQL's grammar does not know stays as it is written, for the server to reject.
        "explain verbose analyze select 1",
        "explain () select 1",
        "explain (analyze select 1",
        "explain (analyze,) select 1",
        "explain (analyze true false) select 1",
        "explain explain select 1",
        "explain format=json select 1",
        "explain",
        "explain (",
        "explainer select 1",
        '"explain" select 1',
    ],
)
def test_anything_else_is_left_as_it_is(text):
    assert [statement.text for statement in split(text, "f.sql")] == [text]


def test_values_and_parameters_belong_to_the_statement():
    (statement,) = split("-- dbaudit: param n = '7'\nexplain (costs off)\nselect * from t where id = :n", "f.sql")
    assert (statement.parameters, statement.sent) == (("n",), "select * from t where id = $1")
    assert statement.value_sets[0].values == {"n": "7"}
    assert statement.place(32).line == 3


def test_lint_reads_the_statement():
    (read_text,) = read(split("\nexplain analyze select *\nfrom t", "f.sql"))
    assert (read_text.category, read_text.is_read) == (Category.SELECT, True)
    (star,) = read_text.select_stars
    assert (star.span.line, star.span.column) == (2, 24)
