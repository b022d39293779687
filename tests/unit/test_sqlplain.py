"""The plain star is what sqlglot says it is, and nothing else is one."""

import pytest

from dbaudit.sources import sqlfile, sqllex, sqltext
from dbaudit.sources.sqlplain import relation_of_plain_star


def found(text):
    return [token for token in sqllex.tokens(text) if token.kind not in (sqllex.SPACE, sqllex.COMMENT)]


PLAIN = {
    "select * from orders": "orders",
    "SELECT * FROM public.orders AS o WHERE o.id = 7": "public.orders",
    'select * from "Orders" "o" order by 1 limit 3': '"Orders"',
    "select /* all */ * from orders o": "orders",
    "select * from orders for update": "orders",
}
OTHERS = [
    "select * from orders, items",
    "select * from orders join items using (id)",
    "select * from f(1)",
    "select * from orders where id in (select id from items)",
    "select *, 2 * 3 from orders",
    "select a * b from orders",
    "select * from orders where a * b > 3",
    "select * from only orders",
    "select * from orders tablesample system (3)",
    "select * from orders natural join items",
    "select * from orders union select 1",
    "with orders as (select 1) select * from orders",
    "select * from (select 1) as t",
    "select * from orders *",
    "select distinct * from orders",
    "select * from",
    "select * from orders o (a, b)",
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_star_names_its_relation_as_sqlglot_does(text, monkeypatch):
    assert relation_of_plain_star(text, found(text)) == PLAIN[text]
    statements = sqlfile.split(text, "q.sql")
    (by_tokens,) = sqltext.read(statements)
    monkeypatch.setattr(sqltext, "relation_of_plain_star", lambda *_: "")
    (by_tree,) = sqltext.read(statements)
    assert [(star.text, star.span) for star in by_tokens.select_stars] == [
        (star.text, star.span) for star in by_tree.select_stars
    ]
    assert by_tokens.select_stars[0].relations[0].strip('"') == by_tree.select_stars[0].relations[0].strip('"')


@pytest.mark.parametrize("text", OTHERS)
def test_every_other_statement_is_left_to_sqlglot(text):
    assert relation_of_plain_star(text, found(text)) == ""
