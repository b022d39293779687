"""What a name in a text means, and whether an expression in it is the one an index is on."""

import pytest

from dbaudit.checks.sql._expressions import canonical
from dbaudit.facts import Facts
from dbaudit.facts.relation import Names, Relation, SearchPath, identifiers


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("Orders", ("orders",)),
        ('public."Order ""s"""', ("public", 'Order "s"')),
        ("ÄPFEL", ("Äpfel",)),
        ("shop.public.orders", ("shop", "public", "orders")),
        ("orders *", ("orders",)),
        ("", ()),
    ],
)
def test_the_parts_of_a_name(written, parts):
    assert identifiers(written) == parts


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a", ("app", "a")),
        ("b", ("public", "b")),
        ("other.a", ("other", "a")),
        ("public.a", None),
        ("only", ("other", "only")),
        ("twice", None),
        ("none", None),
        ("", None),
    ],
)
def test_a_name_is_looked_up_as_the_server_does_and_else_taken_where_only_one_relation_has_it(written, found):
    relations = {"app": ["a", "b"], "public": ["b"], "other": ["a", "only", "twice"], "more": ["twice"]}
    rows = tuple(Relation(schema=schema, name=name, kind="r") for schema, names in relations.items() for name in names)
    names = Names.of(Facts({Relation: rows, SearchPath: (SearchPath(schemas=("public", "app")),)}))
    assert names.find(written) == found


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("lower(c.email)", "lower((email)::text)"),
        ("CAST(o.placed_at AS date)", "((placed_at)::date)"),
        ('LOWER( "Weird" )', 'lower("Weird")'),
        ("a+1.5", "(a + 1.5)"),
        ("date_trunc('day', t.a)", "date_trunc('day'::text, a)"),
        ("extract(year FROM t.a)", "EXTRACT(year FROM a)"),
        ("a::int8", "((a)::bigint)"),
        ("a + interval '1 day'", "(a + '1 day'::interval)"),
        ("pg_catalog.upper(a)", "upper(a)"),
        ("a::timestamptz", "(a)::timestamp with time zone"),
    ],
)
def test_an_expression_is_known_again_as_the_server_prints_it(written, printed):
    assert canonical(written) == canonical(printed)


@pytest.mark.parametrize(
    ("one", "other"),
    [("lower(a)", "upper(a)"), ("lower('A')", "lower('a')"), ("a::date", "a"), ("(a + 1) * 2", "a + (1 * 2)"), ("a + 1", "b + 1")],
)
def test_another_expression_is_another(one, other):
    assert canonical(one) != canonical(other)
