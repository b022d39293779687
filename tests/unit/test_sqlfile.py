"""Where statements begin and end, whatever stands in them."""

import pytest

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Kind
from dbaudit.finding import Span
from dbaudit.sources.sqlfile import decode, distinct, read, split


def texts(text: str) -> list[str]:
    return [statement.text for statement in split(text, "f.sql")]


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(statement.kind, statement.text) for statement in split(text, "f.sql")]


def names(text: str) -> list[str]:
    return [statement.name for statement in split(text, "f.sql")]


@pytest.mark.parametrize(
    "one",
    [
        "select 'a;b'",
        "select 'it''s; fine'",
        r"select 'a\'",
        r"select E'it\'s; fine'",
        "select E'a'\n  'b\\';'",
        "select E'a' -- and on;\n  'b\\';'",
        r"select U&'d\0061t;a'",
        "select B'1;', x'1f;', N';'",
        'select "a;b", "c"";d", U&"x;y"',
        "select $$;$$, $a$ ; $$ ; $b$ ; $a$",
        "select $ä$ ; $ä$",
        "select a$b$c from t$$",
        "select 1 /* ; /* ; */ ; */ + 2",
        "select 1 -- ;\n + 2",
        "select 1 -- ;\r + 2",
        "select (1;2)",
        "create rule r as on insert to t do also (delete from a; delete from b)",
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end",
        "create or replace procedure begin() begin atomic select x as end; select t.case from t; end",
        "create function f() returns int language sql as 'begin atomic; select 1'",
        "select größe from maß",
        "select $1; "[:-2],
    ],
)
def test_a_semicolon_inside_a_statement_does_not_end_it(one):
    assert texts(one) == [one]
    assert texts(f"{one};\n select 2 ;") == [one, "select 2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ;; \n-- nothing\n/* at all */;", []),
        ("select 1;select 2", ["select 1", "select 2"]),
        ("select 1 -- behind\n;", ["select 1"]),
        ("begin; select 1; end;", ["begin", "select 1", "end"]),
        ("select e'a\\\\'; select 2", ["select e'a\\\\'", "select 2"]),
        ("select a$b$ ; select 'x$b$'", ["select a$b$", "select 'x$b$'"]),
        ("select $1$; select 2$", ["select $1$", "select 2$"]),
        ("select U&'\\'; select 2", ["select U&'\\'", "select 2"]),
        ("select 1 \\; select 2;", ["select 1", "select 2"]),
        ("select 'a'; 'b'", ["select 'a'", "'b'"]),
        ("create function begin() returns int return 1; a", ["create function begin() returns int return 1", "a"]),
        ("select );select 2", ["select )", "select 2"]),
    ],
)
def test_where_statements_end(text, expected):
    assert texts(text) == expected


@pytest.mark.parametrize("opened", ["'a;", "E'a\\';", '"a;', "$x$ ; $y$", "/* ; /* */ ;", "( ; "])
def test_what_is_not_closed_reaches_to_the_end(opened):
    assert len(texts(f"select 1; select {opened}\n; select 3")) == 2


def test_a_statement_is_told_its_exact_place():
    first, second = split("-- größe\r\n\r\n  select 'ä',\r\n 1 ;  select 2;", "dir/f.sql")
    assert first.span == Span(path="dir/f.sql", line=3, column=3, end_line=4, end_column=3)
    assert second.span == Span(path="dir/f.sql", line=4, column=7, end_line=4, end_column=15)
    assert second.label == "dir/f.sql:4"


def test_the_place_of_an_error_in_a_statement():
    (statement,) = split("\n  select a,\n    größe from t", "f.sql")
    assert statement.place(8) == Span(path="f.sql", line=2, column=10, end_line=2, end_column=11)
    assert statement.place(statement.text.index("größe") + 1) == Span(
        path="f.sql", line=3, column=5, end_line=3, end_column=10
    )
    assert statement.place(999) == Span(path="f.sql", line=3, column=17, end_line=3, end_column=17)


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("-- name: users_by_id", "users_by_id"),
        ("--name:users", "users"),
        ("-- name: ListUsers :many", "ListUsers"),
        ("-- name: insert-user<!", "insert-user"),
        ("-- name: get_user^", "get_user"),
        ("-- name: get_user(id, other)^", "get_user"),
        ("-- :name find_user :one", "find_user"),
        ("/* name: GetAuthor :one */", "GetAuthor"),
        ("-- name: x\n-- what it does", "x"),
        ("-- name: the name that we print", ""),
        ("-- surname: x", ""),
    ],
)
def test_a_comment_names_the_next_statement_only(comment, name):
    assert names(f"select 0;\n{comment}\nselect 1;\nselect 2;") == ["", name, ""]


def test_a_name_inside_a_statement_or_a_literal_names_nothing():
    assert names("select 1 -- name: a\n; select '\n-- name: b\n'; select 2") == ["", "", ""]


def test_a_name_given_twice_is_numbered():
    statements = split("-- name: a\nselect 1; -- name: a\nselect 2; select 3; select 4", "f.sql")
    assert [statement.label for statement in statements] == ["a", "a#2", "f.sql:3", "f.sql:3"]
    assert len({statement.identity for statement in statements}) == 4


def test_statements_of_several_files_are_told_apart():
    both = distinct([*split("-- name: a\nselect 1", "x.sql"), *split("-- name: a\nselect 2", "y.sql")])
    assert [statement.identity for statement in both] == ["a", "a#2"]


def identity(text: str) -> str:
    return split(text, "f.sql")[0].identity


def test_the_identity_survives_layout_comments_case_and_literals():
    assert identity("SELECT a FROM T WHERE x = 5 AND y = 'a'") == identity(
        "-- why\nselect a/* c */from t\n where X=6.5e3 and y = E'b'\n'c'"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("select a from t", "select b from t"), ('select "A" from t', 'select "a" from t'), ("select $1", "select $2")],
)
def test_the_identity_tells_statements_apart(one, other):
    assert identity(one) != identity(other)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("select 1", "SELECT"),
        ("((select 1) union select 2)", "SELECT"),
        ("with a as (select 1) select * from a", "WITH"),
        ("create unique index concurrently i on t (a)", "CREATE INDEX"),
        ("create or replace function f() returns int return 1", "CREATE FUNCTION"),
        ("create temp table t (a int)", "CREATE TABLE"),
        ("drop materialized view v", "DROP MATERIALIZED VIEW"),
        ("alter default privileges grant select on tables to x", "ALTER DEFAULT PRIVILEGES"),
        ("refresh materialized view v", "REFRESH MATERIALIZED VIEW"),
        ("create", "CREATE"),
        ("'nothing'", ""),
    ],
)
def test_what_a_statement_does_by_its_first_words(text, command):
    assert split(text, "f.sql")[0].command == command


def test_meta_commands_are_told_from_sql():
    text = "\\set x 'it;s'\nselect 1;\n\\echo a;b \\\\ select 2 \\gset p_\n\\copy t from 'a\\\\b';\nselect 3\n\\gx\n"
    assert kinds(text) == [
        (Kind.META_COMMAND, "\\set x 'it;s'"),
        (Kind.SQL, "select 1"),
        (Kind.META_COMMAND, "\\echo a;b"),
        (Kind.SQL, "select 2"),
        (Kind.META_COMMAND, "\\gset p_"),
        (Kind.META_COMMAND, "\\copy t from 'a\\\\b';"),
        (Kind.SQL, "select 3"),
        (Kind.META_COMMAND, "\\gx"),
    ]


def test_the_rows_behind_a_copy_are_not_sql():
    text = "copy t (a, b) from stdin;\r\n1\tselect 1;\r\n\\.x\r\n\\.\r\nselect 2;"
    assert kinds(text) == [
        (Kind.SQL, "copy t (a, b) from stdin"),
        (Kind.COPY_DATA, "1\tselect 1;\r\n\\.x\r\n\\."),
        (Kind.SQL, "select 2"),
    ]
    assert kinds("copy (select 1 from stdin) to 'f'; select 2")[1] == (Kind.SQL, "select 2")
    assert len(kinds("copy t from stdin with (format csv);\n1;2;3")) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("copy t from stdout;\n1\n\\.\nselect 2;", ["copy t from stdout", "1\n\\.", "select 2"]),
        ("copy t from stdin; -- rows\n1\n\\.\nselect 2;", ["copy t from stdin", "1\n\\.", "select 2"]),
        (
            "select 0\\; copy t from stdin\\; copy u from stdin\\; select 1; -- rows\n1\n\\.\n2\n\\.\nselect 2;",
            ["select 0", "copy t from stdin", "copy u from stdin", "select 1", "1\n\\.", "2\n\\.", "select 2"],
        ),
        ("\\copy t from stdin csv\n'a;\n\\.\nselect 2;", ["\\copy t from stdin csv", "'a;\n\\.", "select 2"]),
        ("\\copy t from 'stdin'\nselect 2;", ["\\copy t from 'stdin'", "select 2"]),
        ("\\copy (select 1 from stdin) to 'x'\nselect 2;", ["\\copy (select 1 from stdin) to 'x'", "select 2"]),
        ("select 1 \\bind \\sendpipeline\nselect 2;", ["select 1", "\\bind \\sendpipeline", "select 2"]),
    ],
)
def test_rows_stand_behind_all_that_is_sent_with_their_copy(text, expected):
    assert texts(text) == expected


def test_a_statement_that_psql_changes_while_it_reads_it_is_no_sql():
    first, second = split("select \\if true 1 \\else 2 \\endif; select '\\if', \"\\r\"", "f.sql")
    assert (first.reason_not_sql, second.reason_not_sql) == ("has the psql meta-command \\if in it", "")


def test_a_file_is_read(tmp_path):
    path = tmp_path / "a.sql"
    path.write_bytes("\ufeff-- name: x\nselect 'ä'".encode())
    (statement,) = read(str(path))
    assert (statement.name, statement.span.line, statement.span.path) == ("x", 2, str(path))
    path.write_bytes(b"")
    assert read(str(path)) == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"select 1;\nselect \xff", "f.sql:2: byte 0xff is not UTF-8"),
        (b"select 1;\n\nselect \0", "f.sql:3: holds a NUL byte"),
        ("select 1".encode("utf-16"), "f.sql is not UTF-8 but UTF-16"),
    ],
)
def test_what_is_not_text_is_refused_by_line(data, message):
    with pytest.raises(AuditError, match=message):
        decode(data, "f.sql")


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(AuditError, match="is a directory"):
        read(str(tmp_path))
    with pytest.raises(AuditError, match="absent.sql: no such file"):
        read(str(tmp_path / "absent.sql"))
    with pytest.raises(AuditError, match="cannot be read"):
        read("a\0b")
