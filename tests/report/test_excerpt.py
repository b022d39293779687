"""The line that a finding points at, as a terminal shows it."""

from __future__ import annotations

import pytest

from dbaudit.facts.statement import Statement
from dbaudit.finding import Span
from dbaudit.report.excerpt import columns, lines
from dbaudit.sources.sqlfile import split


def shown(content: str, part: str, width: int = 76) -> tuple[str, ...]:
    (statement,) = split(content, "a.sql")
    start = statement.text.index(part)
    return lines(statement, statement.extent(start, start + len(part)), width)


@pytest.mark.parametrize(
    ("content", "part", "expected"),
    [
        ("select 1\nfrom t\nwhere a = 1 and b = 2", "a = 1", ("3 | where a = 1 and b = 2", "  |       ^^^^^")),
        ("-- name: q\n  select a", "a", ("2 | select a", "  |        ^")),
        ("select 1\r\n\t\twhere\tb = 2;", "b = 2", ("2 | where b = 2", "  |       ^^^^^")),
        ("select '漢字é', x from t", "x", ("1 | select '漢字é', x from t", "  |                 ^")),
        ("select a,\n  b + c\n  from t", "b + c\n  from", ("2 | b + c", "  | ^^^^^")),
        ("select \x1b[31m\u202e, x", "x", ("1 | select \\x1b[31m\\u202e, x", "  |                        ^")),
    ],
)
def test_the_place_is_underlined(content, part, expected):
    assert shown(content, part) == expected


@pytest.mark.parametrize("part", ["first", "middle", "last", "x" * 200, "漢" * 100])
@pytest.mark.parametrize("width", [24, 40, 76])
def test_a_long_line_is_cut_so_that_the_place_is_seen(part, width):
    above, under = shown(f"select {'a, ' * 90}{part} + {'b, ' * 90}1", part, width)
    assert columns(above) <= width and columns(under) <= width
    start, end = under.index("^"), len(under)
    beneath = "".join(character * columns(character) for character in above)[start:end]
    assert set(beneath) <= set(part) | {"…"} and (len(part) > 10 or beneath == part)


def test_the_whole_statement_has_no_excerpt():
    span = Span(path="a.sql", line=3, column=1, end_line=3, end_column=9)
    statement = Statement(name="", text="select 1", span=span, identity="x")
    assert lines(statement, span, 80) == lines(statement, None, 80) == ()
    other = Span(path="a.sql", line=9, column=1, end_line=9, end_column=2)
    assert lines(statement, other, 80) == ()
