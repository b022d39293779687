"""A snapshot brings a schema back as it was, and says what it has not seen."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from majors import bin_directory

from dbaudit.errors import AuditError
from dbaudit.facts.catalog import ForeignKey, Index, Table
from dbaudit.facts.database import Database as DatabaseFact
from dbaudit.facts.snapshot import Omission, Snapshot
from dbaudit.facts.workload import DatabaseActivity, StatementUse
from dbaudit.lab.server import start
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.snapshot import take
from dbaudit.sources.snapshot import to_text

FIXTURES = Path(__file__).parents[2] / "fixtures"
MENAGERIE = FIXTURES / "schemas" / "menagerie.sql"
REAL = (
    FIXTURES / "realworld" / "pagila.sql",
    FIXTURES / "realworld" / "crates_io.sql",
    FIXTURES / "shop" / "schema.sql",
)


def taken(database, user="postgres", **options) -> Snapshot:
    session = database.session(user)
    try:
        return take(session, **options)
    finally:
        session.close()


def recreated(database, snapshot: Snapshot) -> Snapshot:
    """A snapshot of an empty database in which all objects of this one were created."""
    name = f"{database.name}_again"
    database.run(f"create database {name}")
    try:
        with psycopg.connect(database.server.conninfo(name), autocommit=True) as admin:
            admin.execute("set search_path = ''; set check_function_bodies = off")
            for each in snapshot.objects:
                admin.execute(each.sql.encode())
                if each.kind == "invalid index":
                    mark = "update pg_catalog.pg_index set indisvalid = false where indexrelid = %s::pg_catalog.regclass"
                    admin.execute(mark, [each.name])
        session = Session(connect(Address(conninfo=database.server.conninfo(name))))
        try:
            return take(session)
        finally:
            session.close()
    finally:
        database.run(f"drop database {name} with (force)")


def test_one_of_everything_comes_back_as_it_was(database) -> None:
    database.run(MENAGERIE.read_text())
    snapshot = taken(database)
    assert recreated(database, snapshot).objects == snapshot.objects
    assert snapshot.omissions == ()
    database.run("set search_path = ''")
    made = {(each.kind, each.name) for each in snapshot.objects}
    for kind, query in EVERYTHING.items():
        assert {name for its_kind, name in made if its_kind in kind.split("/")} == {
            name for (name,) in database.admin.execute(query).fetchall()
        }, kind


def test_what_only_newer_servers_have_comes_back_as_it_was(newest) -> None:
    newest.run(MENAGERIE.with_name("menagerie_18.sql").read_text())
    snapshot = taken(newest)
    assert recreated(newest, snapshot).objects == snapshot.objects


# What there is by the server's own views, so that an object that is never listed is missed.
OWN = "in ('public', 'app', 'S x')"
EVERYTHING = {
    "table": f"select format('%I.%I', schemaname, tablename) from pg_catalog.pg_tables where schemaname {OWN}",
    "view": f"select format('%I.%I', schemaname, viewname) from pg_catalog.pg_views where schemaname {OWN}",
    "materialized view": f"select format('%I.%I', schemaname, matviewname) from pg_catalog.pg_matviews where schemaname {OWN}",
    "index/invalid index": f"""
        select format('%I.%I', schemaname, indexname) from pg_catalog.pg_indexes where schemaname {OWN} and not exists (
            select from pg_catalog.pg_constraint
            where conindid = format('%I.%I', schemaname, indexname)::pg_catalog.regclass and contype in ('p', 'u', 'x')
        )""",
    "policy": f"select format('%I', policyname) from pg_catalog.pg_policies where schemaname {OWN}",
    "statistics": f"select format('%I.%I', statistics_schemaname, statistics_name) from pg_catalog.pg_stats_ext"
    f" where schemaname {OWN}",
    "rule": f"select format('%I', rulename) from pg_catalog.pg_rules where schemaname {OWN}",
    "default": """
        select format('%s.%I', adrelid::pg_catalog.regclass, attname) from pg_catalog.pg_attrdef
        join pg_catalog.pg_attribute on attrelid = adrelid and attnum = adnum
        where pg_catalog.pg_get_expr(adbin, adrelid) ~ 'is_even|atomic' and attgenerated = ''""",
    "foreign table": "select null where false",
}


def test_real_schemas_come_back_as_they_were(newest) -> None:
    for path in REAL:
        newest.run("drop schema public cascade", "create schema public", "set search_path to default", path.read_text())
        snapshot = taken(newest)
        assert recreated(newest, snapshot).objects == snapshot.objects
        assert snapshot.omissions == ()


def test_sizes_statistics_and_facts_are_the_servers_own(database) -> None:
    database.run(MENAGERIE.read_text())
    snapshot = taken(database)
    known = "select count(*), count(most_common_vals), count(histogram_bounds) from pg_stats where schemaname in ('app', 'S x')"
    assert database.admin.execute(known).fetchone() == (
        len(snapshot.statistics),
        sum(each.most_common_values is not None for each in snapshot.statistics),
        sum(each.histogram_bounds is not None for each in snapshot.statistics),
    )
    relation, size = '"S x"."T ""1"', "select relpages, reltuples, pg_relation_size(oid) / 8192 from pg_class where oid = %s::regclass"
    (own,) = (each for each in snapshot.sizes if each.name == relation)
    assert database.admin.execute(size, [relation]).fetchone() == (own.pages, own.tuples, own.file_pages)
    (mood,) = (each for each in snapshot.statistics if (each.relation, each.column) == (relation, "m"))
    # 500 rows: every third is sad, every third happy, every third NULL.
    assert mood.most_common_values == "{happy,sad}" and mood.null_fraction == pytest.approx(167 / 500)
    assert any(each.relation == '"S x"."Ix %"' and each.column == "lower" for each in snapshot.statistics)
    assert {each.is_inherited for each in snapshot.statistics if each.relation == "app.parent"} == {True}
    groups, expressions = snapshot.extended_statistics
    assert groups.name == '"S x".st' and groups.most_common_values and groups.dependencies
    assert [each.column for each in expressions.expression_statistics] == ["(own % 2)", "lower(words)"]
    tables = {each.qualified for each in snapshot.facts[Table]}
    assert tables == {each.name for each in snapshot.objects if each.kind == "table"}
    assert snapshot.facts[Index] and snapshot.facts[ForeignKey] and snapshot.facts[DatabaseActivity]
    assert snapshot.facts[DatabaseFact][0].encoding == "UTF8"
    assert to_text(taken(database)).count("\n") == to_text(snapshot).count("\n")


def test_settings_are_the_servers_those_of_roles_and_databases_and_no_secrets(newest) -> None:
    newest.run(
        "create role reporting login", "alter role reporting set work_mem = '64MB'", "alter role reporting set app.token = 'x'",
        f"alter database {newest.name} set random_page_cost = 1.1",
        f"alter role reporting in database {newest.name} set search_path = reports, public",
    )  # fmt: skip
    try:
        found = taken(newest, "reporting")
    finally:
        newest.run(f"alter role reporting in database {newest.name} reset all", "drop role reporting")
    settings = {(each.name, each.database, each.role): each.value for each in found.settings}
    assert settings["work_mem", "", "reporting"] == "64MB"
    assert settings["random_page_cost", newest.name, ""] == "1.1"
    assert settings["search_path", newest.name, "reporting"] == "reports, public"
    assert settings["effective_cache_size", "", ""] == "4GB"
    assert not any(name.startswith("app.") for name, _, _ in settings)
    assert {each.name for each in found.omissions if each.kind == "setting"} == {"work_mem", "search_path"}


def test_what_the_role_may_not_see_is_listed(database) -> None:
    database.run(
        "create table seen (id int)", "create table hidden (id int, \"Half\" int)", "create table policed (id int)",
        "create index on seen (abs(id))", "create statistics pair on id, \"Half\" from hidden",
        "alter table policed enable row level security", "insert into seen values (1)", "analyze",
        "create role stranger login", "grant select on seen, policed to stranger", "grant select (id) on hidden to stranger",
    )  # fmt: skip
    try:
        found = taken(database, "stranger")
    finally:
        database.run("drop owned by stranger", "drop role stranger")
    reason = "this role may not read {}: grant it pg_read_all_data"
    assert set(found.omissions) == {
        Omission(kind="column statistics", name="public.hidden", reason=reason.format('"Half"')),
        Omission(kind="column statistics", name="public.seen_abs_idx", reason=reason.format("abs")),
        Omission(kind="column statistics", name="public.policed", reason="its row security hides them from this role"),
        Omission(
            kind="extended statistics", name="public.pair",
            reason="the server shows them only to a member of the role that owns the table",
        ),
    }  # fmt: skip
    assert [each.relation for each in found.statistics] == ["public.seen"]


def test_what_cannot_be_read_or_planned_elsewhere_is_left_out_with_all_that_needs_it(newest) -> None:
    newest.run(
        "create extension file_fdw", "create server files foreign data wrapper file_fdw",
        "create foreign table far (id int) server files options (filename '/dev/null')", "create view on_far as select * from far",
        "create table busy (id int primary key)", "create view on_busy as select * from busy",
        "create table near (id int references busy, n int)",
    )  # fmt: skip
    with psycopg.connect(newest.conninfo()) as other:
        other.execute("lock table busy")
        found = taken(newest)
    assert {each.name for each in found.omissions} == {
        "public.far", "public.on_far", "public.busy", "public.on_busy", "public.near.near_id_fkey",
    }  # fmt: skip
    assert [each.name for each in found.objects if each.kind in ("table", "view", "constraint")] == ["public.near"]


def test_a_pattern_selects_tables_with_all_that_they_need_and_nothing_else(newest) -> None:
    newest.run(MENAGERIE.read_text())
    found = taken(newest, tables=["app.a_needs*"])
    names = {each.name for each in found.objects if each.kind in ("table", "view", "type", "domain", "extension")}
    # app.other is what a rule of app.v1 writes to, and app.grand inherits from it.
    assert names == {
        "app.a_needs_v1", "app.v1", '"S x"."T ""1"', "app.mood", "app.point3", "app.span", "app.mytext", "app.code",
        "app.even", "citext", "app.other", "app.grand",
    }  # fmt: skip
    assert recreated(newest, found).objects == found.objects
    assert {each.qualified for each in found.facts[Table]} == {'"S x"."T ""1"', "app.other", "app.grand"}
    parted = taken(newest, tables=["PARTED"])
    assert {each.name for each in parted.objects if each.kind == "table"} == {
        "app.parted", "app.p2024", "app.prest", "app.prest0",
    }  # fmt: skip
    refs = taken(newest, tables=["app.refs"])
    # A policy of app.refs reads "S x"."T ""1", so that one is there.
    assert [each.reason for each in refs.omissions] == ["it refers to app.parted, which is not selected"]
    assert taken(newest, schemas=['"S "*', "app"]).objects
    for pattern, message in (("nope", "matches nope"), ("a.b.c", "more than one dot"), ("[", "cannot be read")):
        with pytest.raises(AuditError, match=message):
            taken(newest, tables=[pattern])
    with pytest.raises(AuditError, match="no schema of this database matches s"):
        taken(newest, schemas=["s"])


def test_a_redacted_snapshot_has_no_value_of_a_row_and_the_same_ranks(newest) -> None:
    newest.run(
        """create table people (id int primary key, name text, born date, salary numeric(12, 2), seen timestamptz,
               phone bigint, tags text[], token uuid, home inet, doc jsonb, c text collate "C", ok boolean)""",
        """insert into people select n, case when n % 4 = 0 then 'Secret Ännie' else 'secret name ' || n end,
               date '1950-01-15' + n * 40, 7012345.67 + n * 1313.13, timestamptz '2024-05-06 07:08:09.123+00' + n * interval '7 h',
               49301234567 + n, array['secret tag ' || n % 3], md5(n::text)::uuid, '10.11.12.13',
               '{"k": "secret doc"}', 'secret c' || n % 9, n % 2 = 0 from generate_series(1, 400) n""",
        "create table other as select name, 'x' || name as different from people",
        "create statistics pairs (mcv) on name, c from people", "create index on people (lower(name))", "analyze",
    )  # fmt: skip
    plain, redacted = taken(newest), taken(newest, redact=True)
    text = to_text(redacted)
    assert redacted.is_redacted and not plain.is_redacted
    for secret in ("ecret", "nnie", "49301234", "10.11.12", "7012345", "07:08:09", "14:08:09"):
        assert secret in to_text(plain) or secret == "7012345"
        assert secret not in text, secret
    for each in plain.statistics:
        for own in (each.most_common_values, each.histogram_bounds):
            if each.column in ("born", "token") and own:
                assert not any(value in text for value in own.strip("{}").split(","))
    columns = {(each.relation, each.column): each for each in redacted.statistics}
    originals = {(each.relation, each.column): each for each in plain.statistics}
    casts = {"name": "text", "born": "date", "salary": "numeric", "seen": "timestamptz", "phone": "bigint", "token": "uuid"}
    for column, kind in casts.items():
        bounds = columns["public.people", column].histogram_bounds
        ordered = newest.admin.execute(
            f"select array_agg(v order by v)::text = %s::{kind}[]::text, count(distinct v) from unnest(%s::{kind}[]) v", [bounds] * 2
        ).fetchone()
        length = newest.admin.execute(
            "select cardinality(%s::text[])", [originals["public.people", column].histogram_bounds]
        ).fetchone()
        assert ordered == (True, *length), column
    # Equal values stay equal across tables, and in groups of columns.
    assert columns["public.people", "name"].most_common_values == columns["public.other", "name"].most_common_values
    (pairs,) = redacted.extended_statistics
    common = columns["public.people", "name"].most_common_values.strip('{}"')
    assert len(pairs.most_common_values) == len(plain.extended_statistics[0].most_common_values)
    assert any(f'"{common}"' in combination for combination in pairs.most_common_values)
    assert columns["public.people", "ok"].most_common_values == '{"f","t"}'
    assert columns["public.people", "home"].most_common_frequencies is None
    dropped = {each.name for each in redacted.omissions}
    assert dropped == {"public.people.home", "public.people.doc", "public.people.tags"}
    assert columns["public.people", "tags"].most_common_elements.count(",") == 2


def test_statements_are_there_without_those_that_may_hold_secrets() -> None:
    server = start(bin_directory(16), {"shared_preload_libraries": "pg_stat_statements"})
    try:
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            admin.execute("create schema ext; create extension pg_stat_statements schema ext")
            admin.execute("grant usage on schema ext to public")
            admin.execute("create role clerk login password 'hunter2'")
            admin.execute("select 4711 as number /* hunter2 */")
            with psycopg.connect(server.conninfo(), autocommit=True) as again:
                again.execute("(values (1), (2))")
        session = Session(connect(Address(conninfo=server.conninfo())))
        found, redacted = take(session), take(session, redact=True)
        session.close()
        session = Session(connect(Address(conninfo=server.conninfo(user="clerk"))))
        masked = take(session)
        session.close()
    finally:
        server.stop()
    texts = [each.text for each in found.facts[StatementUse]]
    assert {"select $1 as number /* hunter2 */", "(values ($1), ($2))"} <= set(texts)
    assert not any('hunter2\'' in text or "role" in text.split()[:2] for text in texts)
    assert any("utility statements" in each.reason for each in found.omissions)
    assert "select $1 as number" in [each.text for each in redacted.facts[StatementUse]]
    assert "hunter2" not in to_text(redacted)
    assert any("of other roles" in each.reason for each in masked.omissions)
