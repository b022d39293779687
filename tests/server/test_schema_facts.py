"""What a server is asked about the relations that a text names, and what it is not told."""

from dbaudit.facts.catalog import Index
from dbaudit.facts.column import Column
from dbaudit.facts.relation import Relation, SearchPath
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.postgres.schema_facts import schema_facts
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqltext import read

SQL = """
select * from orders where note = 'secret';
select 1 from "Other"."T" where lower(a) = 'secret' or b not in (select c from unheard_of);
"""


def facts_for(database, user: str = "postgres"):
    session = database.session(user)
    try:
        return schema_facts(session, read(split(SQL, "f.sql")))
    finally:
        session.close()


def make(database) -> None:
    database.run(
        'create schema "Other"; create schema s; create table "Other"."T" (a text, b int)',
        "create table orders (id int primary key, note text); create table s.orders (id int); create view v as select 1 as a",
        "create table beside (a int primary key)",
        f"alter database {database.name} set search_path = s, public",
    )


def test_columns_and_indexes_are_those_of_the_relations_that_are_named(database):
    make(database)
    facts = facts_for(database)
    assert facts[SearchPath] == (SearchPath(schemas=("s", "public")),)
    assert Relation(schema="public", name="v", kind="v") in facts[Relation]
    assert [(column.schema, column.table, column.name) for column in facts[Column]] == [
        ("Other", "T", "a"),
        ("Other", "T", "b"),
        ("s", "orders", "id"),
    ]
    assert facts[Index] == ()


def test_nothing_of_the_text_is_sent(newest, tmp_path):
    make(newest)
    session = newest.session()
    trace = tmp_path / "trace"
    with trace.open("wb") as file:
        session.connection.pgconn.trace(file.fileno())
        schema_facts(session, read(split(SQL, "f.sql")))
        session.connection.pgconn.untrace()
    session.close()
    sent = trace.read_text()
    assert "pg_attribute" in sent and "Other" in sent
    assert not any(word in sent for word in ("secret", "unheard_of", "f.sql"))


def test_what_a_role_may_not_see_is_missing_with_the_reason(newest):
    make(newest)
    newest.run("create role blind login", "revoke select on pg_stats from public")
    try:
        facts = facts_for(newest, "blind")
        assert "permission denied" in facts.missing(Column).reason and facts.missing(Index)
        assert facts.missing(Relation) is None
    finally:
        newest.run("grant select on pg_stats to public", "drop role blind")


def test_explain_knows_the_columns_of_what_has_no_plan_too(newest):
    make(newest)
    session = newest.session()
    facts = explained_facts(session, split("select *, nope from orders;", "f.sql"))
    session.close()
    assert [(column.schema, column.table, column.name) for column in facts[Column]] == [("s", "orders", "id")]
