"""Tokens are the whole text, whatever it is, and no text is read twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.facts.statement import Kind
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqllex import COMMENT, SPACE, fold, tokens

SNIPPETS = [
    *"ab;()'\"$\\:.,*-+/\n\r\t 1",
    *["''", "--", "/*", "*/", "$$", "$a$", "E'", 'U&"', "\\.", "copy t from stdin;", "\n\\.\n", "\\g", "\\;", "\\\\"],
    *["-- name: x\n", "ä", "\0", "\ud800", " begin atomic ", "create function "],
]
TEXTS = st.lists(st.sampled_from(SNIPPETS), max_size=40).map("".join) | st.text(max_size=60)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, text[token.start : token.end]) for token in tokens(text) if token.kind != SPACE]


@given(TEXTS)
@settings(deadline=None)
def test_tokens_are_the_whole_text(text):
    assert "".join(text[token.start : token.end] for token in tokens(text)) == text


@given(TEXTS)
@settings(deadline=None, max_examples=500)
def test_a_split_loses_nothing_but_space_comments_semicolons_and_psql_separators(text):
    position = 0
    for statement in split(text, "f.sql"):
        start = text.index(statement.text, position)
        assert_is_nothing(text[position:start])
        position = start + len(statement.text)
    assert_is_nothing(text[position:])


def assert_is_nothing(between: str) -> None:
    rest = [text for kind, text in kinds(between) if kind != COMMENT]
    assert set(rest) <= {";", "\\"}


@given(TEXTS)
@settings(deadline=None)
def test_the_place_of_a_statement_is_where_its_text_stands(text):
    lines = [""]
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        lines[-1] += character
        if character == "\n":
            lines.append("")
    for statement in split(text, "f.sql"):
        place = statement.span
        assert lines[place.line - 1][place.column - 1] == statement.text[0].replace("\r", "\n")
        assert statement.extent(0, len(statement.text)) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b$1", [("word", "a"), ("punctuation", "."), ("word", "b$1")]),
        ("1.5e-3+.5", [("number", "1.5e-3"), ("operator", "+"), ("number", ".5")]),
        ("1..10", [("number", "1"), ("punctuation", "."), ("number", ".10")]),
        ("0x1F 1_000", [("number", "0x1F"), ("number", "1_000")]),
        ("a*-1", [("word", "a"), ("operator", "*"), ("operator", "-"), ("number", "1")]),
        ("a @-1", [("word", "a"), ("operator", "@-"), ("number", "1")]),
        ("*/**/x", [("operator", "*"), ("comment", "/**/"), ("word", "x")]),
        ("a--b", [("word", "a"), ("comment", "--b")]),
        ("e'a\\'b' e", [("string", "e'a\\'b'"), ("word", "e")]),
        ("type'a'", [("word", "type"), ("string", "'a'")]),
        ("'a'\n 'b' 'c'", [("string", "'a'\n 'b'"), ("string", "'c'")]),
        ('u&"a""b"', [("quoted", 'u&"a""b"')]),
        ("$1 $a$x$a$ $", [("parameter", "$1"), ("string", "$a$x$a$"), ("punctuation", "$")]),
        ("$a$ $b$a$;", [("string", "$a$ $b$a$"), ("punctuation", ";")]),
        (":x::int", [("punctuation", ":"), ("word", "x"), ("punctuation", ":"), ("punctuation", ":"), ("word", "int")]),
    ],
)
def test_tokens_are_those_of_postgresql(text, expected):
    assert kinds(text) == expected


def test_unquoted_names_are_folded_as_postgresql_folds_them():
    assert (fold("OrderS"), fold("GRÖSSE")) == ("orders", "grÖsse")


@pytest.mark.parametrize(
    "piece",
    ["'", "''", '"', "/*", "*/", "$", "$a", "$a$ $b$ ", "+", "*+", "\\", "e'\\'", "'a'\n", "'a'--\n", "(", "-- name: a ",
     "copy t from stdin;\n", "\\x '\\'", "0_", "a", "1e+"],
)
def test_a_long_run_of_anything_is_read_in_one_go(piece):
    text = piece * (300_000 // len(piece))
    pieces = split(text, "f.sql")
    assert sum(len(statement.text) for statement in pieces) <= len(text)
    assert all(isinstance(statement.kind, Kind) for statement in pieces)
