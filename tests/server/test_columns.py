"""The columns of given relations, as the five majors tell them."""

from __future__ import annotations

from dbaudit.sources.postgres.columns import read_columns


def test_types_collations_and_statistics_of_the_columns_asked_for_and_no_others(database) -> None:
    database.run(
        'create domain whole as int', 'create domain positive as whole check (value > 0)', 'create schema "S x"',
        'create table "S x"."T" (id positive primary key, "Sel" varchar(9) collate "C", rest text)',
        "create table public.other (id int)",
        """insert into "S x"."T" select n, 'a', case when n > 50 then 'b' end from generate_series(1, 100) n""",
        "analyze",
    )
    session = database.session()
    try:
        found = read_columns(session, [("S x", "T"), ("S x", "T"), ("public", "absent")])
        assert read_columns(session, []) == ()
    finally:
        session.close()
    assert [(each.schema, each.table, each.name, each.quoted) for each in found] == [
        ("S x", "T", "id", "id"), ("S x", "T", "Sel", '"Sel"'), ("S x", "T", "rest", "rest"),
    ]
    assert [(each.type, each.base_type) for each in found] == [
        ("positive", "integer"), ("character varying", "character varying"), ("text", "text"),
    ]
    assert [(each.has_c_collation, each.is_nullable) for each in found] == [(True, False), (True, True), (False, True)]
    assert [(each.distinct_count, each.null_fraction) for each in found] == [(-1.0, 0.0), (1.0, 0.0), (1.0, 0.5)]


def test_a_role_that_may_not_read_the_table_learns_types_but_no_statistics(newest) -> None:
    newest.run("create table t (id int)", "insert into t values (1)", "analyze t", "create role stranger login")
    session = newest.session("stranger")
    try:
        (column,) = read_columns(session, [("public", "t")])
    finally:
        session.close()
        newest.run("drop role stranger")
    assert (column.type, column.null_fraction, column.distinct_count) == ("integer", None, None)
