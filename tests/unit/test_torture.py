"""PostgreSQL's own regression tests, taken apart: nothing fails, nothing is lost, and how much is read only grows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaudit.facts.statement import Kind, Statement
from dbaudit.sources import placeholders, sqlfile, sqltext
from dbaudit.sources.sqllex import COMMENT, SPACE, tokens

FOLDER = Path(__file__).parents[2] / "fixtures" / "postgres_regress"
# Statements, meta-commands and blocks of COPY data in each file, and the statements whose queries are not read: in
# create_function_sql two bodies that are no SQL.
COUNTS = {
    "comments": (6, 0, 0, 0),
    "copy2": (281, 9, 101, 0),
    "copyselect": (42, 3, 3, 0),
    "create_function_sql": (168, 0, 0, 2),
    "create_procedure": (107, 8, 0, 0),
    "errors": (87, 1, 0, 3),
    "numerology": (89, 0, 0, 0),
    "psql": (473, 899, 2, 9),
    "psql_pipeline": (149, 343, 0, 0),
    "returning": (144, 1, 0, 1),
    "rules": (619, 12, 0, 1),
    "sqljson_jsontable": (120, 11, 0, 0),
    "strings": (500, 2, 0, 0),
    "with": (307, 1, 0, 0),
}
SEEDS = [path.read_text() for path in sorted(FOLDER.glob("*.sql"))]


def between(text: str, pieces: tuple[Statement, ...]) -> list[str]:
    """What stands between the pieces of a text. Each piece is found where its span says, behind the one before it."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", text))]
    rest, position = [], 0
    for piece in pieces:
        start = starts[piece.span.line - 1] + piece.span.column - 1
        end = starts[piece.span.end_line - 1] + piece.span.end_column - 1
        assert position <= start and text[start:end] == piece.text
        rest.append(text[position:start])
        position = end
    return [*rest, text[position:]]


EXPLAIN = re.compile(r"explain( (analyze|analyse|verbose))*( \( .* \))?")


def is_nothing(text: str) -> bool:
    """Whether there are only white space, comments, the signs that end a statement or a meta-command, and an EXPLAIN
    that the statement behind it is taken out of."""
    words = [text[token.start : token.end] for token in tokens(text) if token.kind not in (SPACE, COMMENT)]
    rest = " ".join(words).lower().lstrip(";\\ ")
    return not rest or bool(EXPLAIN.fullmatch(rest))


@pytest.mark.parametrize("name", COUNTS)
def test_postgresqls_own_tests_are_taken_apart(name):
    text = (FOLDER / f"{name}.sql").read_text()
    pieces = sqlfile.split(text, "f.sql")
    assert [gap for gap in between(text, pieces) if not is_nothing(gap)] == []
    read = sqltext.read(pieces)
    kinds = [piece.kind for piece in pieces]
    not_read = [text.statement.text for text in read if text.unseen or not text.is_read]
    counts = (*(kinds.count(kind) for kind in (Kind.SQL, Kind.META_COMMAND, Kind.COPY_DATA)), len(not_read))
    assert counts == COUNTS[name], not_read


@pytest.mark.parametrize("name", COUNTS)
def test_their_statements_stand_for_themselves(name):
    """A statement that is split again is one statement, and what is sent of it has no placeholder left."""
    for piece in sqlfile.split((FOLDER / f"{name}.sql").read_text(), "f.sql"):
        if piece.kind is Kind.SQL and not piece.reason_not_sql:
            (again,) = sqlfile.split(piece.text, "f.sql")
            assert again.text == piece.text
            assert placeholders.read(piece.sent).edits == () or piece.is_ambiguous


PIECES = [
    *["select 1", "a", " ", "\n", "\r\n", ";", ";;", "\\;", "\\", "\\\\", "\\g", "\\gset x", "\\if", "\\.", "\n\\.\n", "'", "''"],
    *['"', "E'", "\\'", "$$", "$a$", "$1", "--", "/*", "*/", "(", ")", "begin atomic", "begin", "end", "case", "create function"],
    *["copy t from stdin", "\\copy t from stdin\n", "\\echo '", "{{", ":x", "?", "é", "\ufeff", "\x0c", "U&'", "uescape", "."],
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(TEXTS | st.text(max_size=60))
@settings(deadline=None, max_examples=500)
def test_of_any_text_nothing_is_lost_and_no_statement_holds_another(text):
    pieces = sqlfile.split(text, "f.sql")
    lost = [gap for gap in between(text, pieces) if not is_nothing(gap)]
    assert lost == []
    for piece in pieces:
        if piece.kind is Kind.SQL:
            assert [again.text for again in sqlfile.split(piece.text, "f.sql")] == [piece.text]
    sqltext.read(pieces)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_file_that_is_cut_off_anywhere_loses_nothing(data):
    seed = SEEDS[data.draw(st.integers(0, len(SEEDS) - 1))]
    start = data.draw(st.integers(0, len(seed) - 1))
    text = seed[start : start + data.draw(st.integers(1, 3000))]
    pieces = sqlfile.split(text, "f.sql")
    assert [gap for gap in between(text, pieces) if not is_nothing(gap)] == []
    sqltext.read(pieces)


POOL = [
    piece.text
    for seed in SEEDS
    for piece in sqlfile.split(seed, "f.sql")
    if piece.kind is Kind.SQL and not piece.reason_not_sql and not piece.command.startswith("COPY") and len(piece.text) < 600
]
ENDS = [";", " ;\n", ";;", "; -- it's; \"this\n", ";/* ; ' $$ /* */ */", "\\;", "\n\\g\n", ";\r\n\t\\echo '\n", " \\gset a_\n"]


@given(st.lists(st.tuples(st.integers(0, len(POOL) - 1), st.sampled_from(ENDS)), min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_statements_of_the_regression_tests_are_told_apart_in_any_order(chosen):
    text = "".join(POOL[place] + end for place, end in chosen)
    split = [piece.text for piece in sqlfile.split(text, "f.sql") if piece.kind is Kind.SQL]
    assert split == [POOL[place] for place, _ in chosen]
