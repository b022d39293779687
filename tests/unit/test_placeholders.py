"""Placeholders of every style become $n; what is PostgreSQL's own stays as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.facts.statement import Statement
from dbaudit.finding import Span
from dbaudit.sources.placeholders import Reading, read
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqllex import COMMENT, NUMBER, QUOTED, STRING, tokens


def sent(text: str) -> str:
    return as_statement(text).sent


def as_statement(text: str) -> Statement:
    span = Span(path="q.sql", line=1, column=1, end_line=1, end_column=1)
    return Statement(name="", text=text, span=span, identity="", edits=read(text).edits)


@pytest.mark.parametrize(
    ("text", "expected", "parameters"),
    [
        ("select $1, $2", "select $1, $2", ("1", "2")),
        ("select * from t where a = %s and b=%s limit %s", "select * from t where a = $1 and b=$2 limit $3", ("1", "2", "3")),
        ("select %(a)s, %(b)s, %(a)s", "select $1, $2, $1", ("a", "b")),
        ("select %s, 5 %% 2", "select $1, 5 % 2", ("1",)),
        ("select :a, x::int, :a::int, :b::text::int", "select $1, x::int, $1::int, $2::text::int", ("a", "b")),
        ("select :'a', :1", "select $1, $2", ("a", "1")),
        ("select ?, (?), a between ? and ?", "select $1, ($2), a between $3 and $4", ("1", "2", "3", "4")),
        ("select d ? ?, d ?| array[?], d ?& ?", "select d ? $1, d ?| array[$2], d ?& $3", ("1", "2", "3")),
        ("select d ?? 'a', d ??| ?", "select d ? 'a', d ?| $1", ("1",)),
        ("select ?+1, ?||'x' from t where a=?", "select $1+1, $2||'x' from t where a=$3", ("1", "2", "3")),
        ("select @id, @id, @other", "select $1, $1, $2", ("id", "other")),
        ("select sqlc.arg(a), sqlc.narg('b'), @a", "select $1, $2, $1", ("a", "b")),
        ("select $2, :new", "select $2, $3", ("1", "2", "new")),
        ("select interval $1, date ?, timestamptz :at", "select $1::interval, $2::date, $3::timestamptz", ("1", "2", "at")),
        ("select extract(:what from x)", "select pg_catalog.extract($1 , x)", ("what",)),
        ("select extract(year from ?), a is distinct from ?", "select extract(year from $1), a is distinct from $2", ("1", "2")),
        ("select array[:a, :b], a[:c::int]", "select array[$1, $2], a[$3::int]", ("a", "b", "c")),
        ("insert into t (a) values (?)", "insert into t (a) values ($1)", ("1",)),
        ("update t set a=:a where b in (:b, :c)", "update t set a=$1 where b in ($2, $3)", ("a", "b", "c")),
        ("with x as (select ?) select * from x", "with x as (select $1) select * from x", ("1",)),
        ("(select ?)", "(select $1)", ("1",)),
    ],
)
def test_each_style_becomes_postgresqls_own(text, expected, parameters):
    assert (sent(text), read(text).parameters) == (expected, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "select ':a', '%s', '?', '@x', '{{x}}', $$ :a ? $$, $q$ %(a)s $q$, E'\\':a', \":a\", U&'?' -- :a\n, 1 /* ? @x {{ */",
        "select a::int, a[1:2], a[lo:hi], a[1:n], a[:2], f(a := 1), f(a => 1)",
        "select d ? 'a', d ?| array['a'], d ?& array['a'], d @> '{}', d <@ '{}', d @? '$.a', d @@ '$.a', (d) ?'x'",
        "select a ?# b, a ?|| b, a ?-| b, a ~= b, @@ circle '0,0,1'",
        "select a % b, a%b, (a)%s, 5 %s, a %s, a[1]%s, 'x' <% 'y', a %> s",
        "select @ x, @-5, @f.x, @abs(x), @(x), x @ y, x@y, d @>e",
        "select json_object('a':b, 'c' : d, 'e':1), json_objectagg(k:v)",
        "select |/ 4, !! 'a'::tsquery, a #>> b, a -> b, a ->> 'b', a && b, a ~* b, a -|- b, a &< b, a ^@ b",
        "select 'a' ':b' from t",
        "create function f(int) returns int language sql as 'select :a' ",
        "create function f() returns int begin atomic select ?; end",
    ],
)
def test_what_is_postgresqls_own_is_no_placeholder(text):
    assert read(text) == Reading()


@pytest.mark.parametrize(
    "text", ["select 1 where a=?", "select 1 where x between ? and 2", "select a[:n]", "select a=@b", "select a=%s", "select ?|x", "select ?- x"]
)
def test_what_may_be_postgresqls_own_is_for_the_server_to_decide(text):
    assert read(text).is_ambiguous


@pytest.mark.parametrize("text", ["select ?", "select 1 where a = :b", "select @x", "select %(a)s", "select $1"])
def test_what_is_clear_is_sent_at_once(text):
    assert not read(text).is_ambiguous


@pytest.mark.parametrize(
    "text",
    ["select * from {{ ref('t') }}", "select {% if x %} 1 {% endif %}", "select * from :table", "select * from t join ? on true",
     "insert into %s values (1)", 'select :"name"', "select {name}", "select #{id}", "update :t set a = 1"],
)
def test_a_template_is_told_from_a_statement(text):
    assert read(text).reason_not_sql and read(text).edits == ()


PIECES = [
    *"?:@%$&|-+*/=<>()[],.;~^!#",
    *["s", "b", "%s", "%(a)s", ":a", "::int", "@a", "$1", "$2", "$99999999999999", "sqlc.arg(", "sqlc.narg('x')", ":'v'", ':"v"'],
    *["'a'", "'", '"q"', "$$", "$x$ :a $x$", "--:a\n", "/* ? */", "1", "1.5", " ", "\n", "ä", "{", "\0", "\ud800"],
    *[" select ", " from ", " date ", " interval ", " extract(", " and ", " a ", " limit ", " between ", " array[", "E'\\'?'"],
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map(lambda parts: "select " + "".join(parts)) | st.text(max_size=40)


@given(TEXTS)
@settings(deadline=None, max_examples=1000)
def test_any_text_is_read_and_only_its_placeholders_are_changed(text):
    reading = read(text)
    edits = reading.edits
    assert all(edit.start < edit.end <= len(text) for edit in edits)
    assert all(one.end <= other.start for one, other in zip(edits, edits[1:])), edits
    statement = as_statement(text)
    rest, position = statement.sent, 0
    for edit in edits:
        kept = text[position : edit.start]
        assert rest.startswith(kept + edit.text)
        rest, position = rest[len(kept) + len(edit.text) :], edit.end
    assert rest == text[position:]
    for token in tokens(text):
        if token.kind in (STRING, COMMENT, QUOTED, NUMBER):
            for edit in edits:
                touched = edit.start < token.end and token.start < edit.end
                whole = text[edit.start : edit.end]
                assert not touched or token.kind == COMMENT or whole[0] in ":%s" or whole[:4] in ("date", "inte"), (token, edit)


@given(TEXTS)
@settings(deadline=None, max_examples=500)
def test_every_position_in_what_is_sent_is_a_place_in_the_text(text):
    statement = as_statement(text)
    kept = 0
    for edit in (*statement.edits, None):
        start = kept
        kept = edit.start if edit else len(text)
        shift = len(statement.sent) - len(text) if not edit else sum(
            len(before.text) - (before.end - before.start) for before in statement.edits if before.start < edit.start
        )
        for offset in range(max(start, _end_before(statement, kept)), kept):
            place = statement.place(offset + shift + 1)
            assert (place.line, place.column) == (lambda s: (s.line, s.column))(statement.extent(offset, offset))
        kept = edit.end if edit else kept


def _end_before(statement: Statement, offset: int) -> int:
    return max((edit.end for edit in statement.edits if edit.end <= offset), default=0)


def test_comments_beside_a_statement_give_values():
    text = (
        "-- dbaudit: param status = 'it''s open'\nselect 1 where 'a' = :status;\n"
        "-- name: two\n-- dbaudit: param a = 1\n-- dbaudit: param a = null\n/* dbaudit: param $2 = 'x y' */\nselect :a, $2;\nselect 3"
    )
    first, two, none = split(text, "q.sql")
    assert [each.values for each in first.value_sets] == [{"status": "it's open"}]
    assert [each.values for each in two.value_sets] == [{"a": "1", "2": "x y"}, {"a": None, "2": "x y"}]
    assert none.value_sets == () and "open" not in repr(first.value_sets)


@pytest.mark.parametrize("piece", ["?", ":a", "%s ", "%(a)s,", "@a,", "?,", "$1,", "[", "[:a", ":", "%", "sqlc.arg(a),", "?+", "extract("])
def test_a_long_run_of_anything_is_read_in_one_go(piece):
    read("select " + piece * (100_000 // len(piece)))
