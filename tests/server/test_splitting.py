"""PostgreSQL itself is asked whether a text was split where it would split it."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.pq import ExecStatus

from dbaudit.facts.statement import Kind
from dbaudit.sources.sqlfile import read, split

REALWORLD = Path(__file__).parents[2] / "fixtures" / "realworld"
FRAGMENTS = [
    *"abe;();'\"$\\:.,*-+/\n\t 1_",
    *["''", "--", "/*", "*/", "$$", "$a$", "$1", "E'", "e'", "U&'", 'U&"', "B'", "\r\n", "select ", "select 1;", "\\'"],
    *["begin", " begin atomic ", " end ", " case ", "create function f() returns int ", " as "],
    *["ä", "\u00a0", "x$a$", "1e"],
]


def prepare(connection: psycopg.Connection, text: str) -> str:
    """What the server says to a text as one statement; empty where it takes it."""
    result = connection.pgconn.prepare(b"", text.encode())
    return "" if result.status == ExecStatus.COMMAND_OK else result.error_message.decode()


@pytest.mark.parametrize("name", ["pagila", "crates_io"])
def test_a_real_schema_is_loaded_statement_by_statement(name, database):
    statements = read(str(REALWORLD / f"{name}.sql"))
    for statement in statements:
        assert statement.kind is Kind.SQL
        result = database.admin.pgconn.exec_params(statement.text.encode(), None)
        assert result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK), (statement.span, result.error_message)
    tables = database.admin.execute("select count(*) from pg_catalog.pg_class where relkind in ('r', 'p')"
                                    " and relnamespace = 'public'::regnamespace").fetchone()[0]
    assert tables == sum(statement.command == "CREATE TABLE" for statement in statements)


def test_no_piece_holds_two_statements_for_any_major(database):
    connection = database.admin

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
    def ask(text: str) -> None:
        for statement in split(text, "f.sql"):
            if statement.kind is Kind.SQL:
                assert "multiple commands" not in prepare(connection, statement.text), (text, statement.text)

    ask()


GAPS = st.sampled_from([" ", "\n", "\r\n", " /* ; */ ", "/* /* ' */ ; */", " -- ;'\n", "\t--\"$$\r", "\f"])
VALUES = st.sampled_from(
    ["1", "-1.5e+3", "'a;b'", "'it''s'", "'\\'", "E'\\';'", "E'a'\n'\\';'", "E'a' --;\n '\\';'", "U&'\\0041;'", "B'10'"]
    + ["$$;'$$", "$a$ $$;$a$", "$ä$;$b$;$ä$", "(select ';')", "1 as \"a;\"\"b\"", "2 as a$b$c", "3 as größe", "4 as ü\u00a0"]
    + ["1 operator(pg_catalog.+) 2", "case when true then 1 end", "1 as end", "array[1,2]", "3 <=-2", "4--;\n+5", "x'1F'"]
)


def test_statements_that_the_server_takes_are_split_exactly(newest):
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(st.tuples(GAPS, st.lists(st.tuples(VALUES, GAPS), min_size=1, max_size=4)), min_size=1, max_size=4))
    def ask(made: list) -> None:
        written = ["select" + gap + ",".join(value + behind for value, behind in values) for gap, values in made]
        found = [statement.text for statement in split(";".join(written), "f.sql")]
        assert len(found) == len(written)
        for statement, whole in zip(found, written, strict=True):
            assert whole.startswith(statement)
            assert prepare(newest.admin, statement) == ""

    ask()


@pytest.mark.parametrize(
    "text",
    [
        "create rule r as on insert to t do also (delete from t; delete from t)",
        "create function f() returns int begin atomic select case when true then 1 end; select 2 as end; end",
        "create or replace procedure begin() begin atomic; select 1; end",
        "create function g() returns int language sql as $body$ select 1; select 2; $body$",
    ],
)
def test_what_holds_statements_is_one_statement_to_the_server(text, newest):
    assert [statement.text for statement in split(f"{text};\nselect 1", "f.sql")] == [text, "select 1"]
    assert prepare(newest.admin, text) == ""
