"""A snapshot is a file that anybody may have written: what its statements and figures cannot do to us."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.snapshot import (
    ColumnStatistics,
    ExtendedStatistics,
    PlannerSetting,
    RelationSize,
    SchemaObject,
    Snapshot,
)
from dbaudit.lab import twin

EDGES = (MAJORS[0], MAJORS[-1])
WHO = "create function public.who() returns int language plpgsql immutable as $$ begin insert into public.seen values (current_user, session_user); return 1; end $$"


def made(*statements, kind="table"):
    return tuple(SchemaObject(kind=kind, name=f"public.o{n}", sql=text) for n, text in enumerate(statements))


def snapshot(*objects, sizes=(), statistics=(), settings=(), extended=()):
    public = SchemaObject(kind="schema", name="public", sql="create schema public;")
    return Snapshot(
        taken_at="2026-01-01T00:00:00Z", facts=Facts({}), objects=(public, *objects), sizes=tuple(sizes),
        statistics=tuple(statistics), settings=tuple(settings), extended_statistics=tuple(extended),
    )


def runs(expression):
    """A statement that runs an expression when it is executed: the bound of a partition is evaluated at once."""
    return f"create table public.child_{abs(hash(expression))} partition of public.parent for values in ({expression})"


def asked(built, question):
    with closing(psycopg.connect(built.admin_conninfo(), autocommit=True)) as admin:
        return admin.execute(question).fetchall()


@pytest.fixture
def marker(tmp_path):
    tmp_path.chmod(0o777)
    return tmp_path / "written"


@pytest.mark.parametrize("major", EDGES)
def test_nothing_of_a_snapshot_leaves_the_server(major, marker):
    program = f"copy (select 1) to program 'touch {marker}'"
    refused = [
        program,
        f"create table public.x (); {program}",
        f"create table public.y () /* */; {program}; --",
        f"do $$ begin {program}; end $$",
        "begin", "rollback", "set role postgres", "reset session authorization", "set session authorization postgres",
        "select pg_reload_conf()", "call public.p()", "\0create table public.z ()", "create table public.z\0 ()",
        "create table public.surrogate_\ud800 ()",
        "alter role twin superuser", "alter role twin set statement_timeout = 0", "alter system set archive_mode = on",
        "alter database twin owner to twin", "create role other superuser", "create database other",
        "create extension dblink", "create extension plperl", "create extension file_fdw", "create language plperlu",
        "create function public.c() returns int language c as '/tmp/evil.so', 'f'",
        "create function public.i() returns internal language internal as 'int4in'",
        "create tablespace t location '/tmp'", "create event trigger e on ddl_command_end execute function public.who()",
        "create table public.f as select pg_catalog.pg_read_file('/etc/passwd')",
        f"create table public.l as select pg_catalog.lo_import('{__file__}')",
        "create subscription s connection 'host=localhost' publication p",
        "create server s foreign data wrapper file_fdw",
        "create cast (pg_catalog.text as pg_catalog.int4) with inout as implicit",
        "create function pg_catalog.format(text, name, name) returns text language sql as 'select 1::text'",
        "create operator pg_catalog.= (leftarg = name, rightarg = name, function = nameeq)",
    ]
    function = "create function public.program() returns int language plpgsql as $$ begin " + program + "; return 1; end $$"
    objects = made("create table public.parent (a int) partition by list (a)", function, runs("public.program()"), *refused)
    extensions = made("create extension dblink", "create extension plperlu", "create extension adminpack", kind="extension")
    named = tuple(
        SchemaObject(kind="extension", name=name, sql="create extension x schema public")
        for name in ("dblink", "plperlu", "plperl", "file_fdw", "postgres_fdw", "adminpack", '"x"; drop schema public --"')
    )
    stubbed = (
        SchemaObject(kind="function", name="public.c2()", sql="create function public.c2() returns int\n LANGUAGE plpython3u\nAS $$ x $$"),
        SchemaObject(kind="table", name="public.r", sql='create policy p on public.parent to "a""; drop role twin; --"'),
        SchemaObject(kind="table", name="public.t", sql="create table public.t (a public.missing(1, 2), b pg_catalog.missing)"),
        SchemaObject(kind="schema", name="pg_evil", sql="create schema pg_evil"),
        SchemaObject(kind="schema", name='a"b; drop role twin', sql="drop role twin"),
    )
    with twin.build(snapshot(*objects, *extensions, *named, *stubbed), bin_directory(major)) as built:
        missing = {omission.name for omission in built.omissions}
        for one in objects[2:]:
            assert one.name in missing, one.sql
        assert {one.name for one in named} <= missing
        assert asked(built, "select rolname::text from pg_catalog.pg_roles where rolsuper") == [("postgres",)]
        assert asked(built, "select extname::text from pg_catalog.pg_extension") == [("plpgsql",)]
        assert asked(built, "select count(*) from pg_catalog.pg_largeobject_metadata") == [(0,)]
        assert asked(built, "select pg_catalog.count(*) from pg_catalog.pg_proc where proowner <> 10 and prolang in (12, 13)") == [(0,)]
    assert not marker.exists()


@pytest.mark.parametrize("major", EDGES)
def test_a_superuser_runs_nothing_that_a_snapshot_defines(major):
    """Types read the values of statistics, and their functions may be the snapshot's own."""
    objects = made(
        "create table public.seen (a name, b name)",
        "create function public.check_it(text) returns bool language plpgsql as"
        " $$ begin insert into public.seen values (current_user, session_user); return true; end $$",
        "create domain public.checked as text check (public.check_it(value))",
        "create type public.pair as (a public.checked, b int)",
        "create type public.checked_range as range (subtype = public.checked)",
        "create table public.t (a public.checked, b public.checked[], c public.pair, d public.checked_range, e public.pair[])",
        "create function public.equal(name, name) returns bool language plpgsql as"
        " $$ begin insert into public.seen values (current_user, session_user); return true; end $$",
        "create operator public.= (leftarg = name, rightarg = name, function = public.equal)",
        "create operator public.<> (leftarg = name, rightarg = name, function = public.equal)",
        "create function public.format(text, name, name) returns text language plpgsql as"
        " $$ begin insert into public.seen values (current_user, session_user); return 'x'; end $$",
    )
    values = {"a": "{x,y}", "b": '{"{x,y}"}', "c": '{"(x,1)"}', "d": '{"[x,y)"}', "e": '{"{\\"(x,1)\\"}"}'}
    statistics = [
        ColumnStatistics(
            relation="public.t", column=column, is_inherited=False, null_fraction=0, average_width_bytes=4,
            distinct_count=-1, histogram_bounds=text, range_bounds_histogram=text if column == "d" else None,
            range_length_histogram="{1}" if column == "d" else None, range_empty_fraction=0 if column == "d" else None,
        )
        for column, text in values.items()
    ]
    settings = [PlannerSetting(name="search_path", value="public, pg_catalog"), PlannerSetting(name="work_mem", value="1MB")]
    with twin.build(snapshot(*objects, statistics=statistics, settings=settings), bin_directory(major)) as built:
        assert not any(omission.name.startswith("public.o") for omission in built.omissions)
        assert {user for row in asked(built, "select a::text, b::text from public.seen") for user in row} <= {"twin"}


def test_a_setting_is_carried_only_where_plans_depend_on_it(marker):
    settings = [
        PlannerSetting(name=name, value=value)
        for name, value in (
            ("session_preload_libraries", "evil"), ("local_preload_libraries", "evil"), ("archive_command", f"touch {marker}"),
            ("log_directory", "/tmp"), ("work_mem", "77MB"), ("work_mem; drop role twin", "1"), ("random_page_cost", "nonsense"),
            ("search_path", '"$user", public, "a b"'), ("jit", "off'; drop role twin; --"),
        )
    ]
    settings.append(PlannerSetting(name="work_mem", value="88 MB", role='"The App"', database="shop"))
    settings.append(PlannerSetting(name="jit", value="no such", role='"The App"'))
    with twin.build(snapshot(settings=settings), bin_directory(MAJORS[-1])) as built:
        with closing(psycopg.connect(built.conninfo())) as planner:
            assert planner.execute("select current_setting('work_mem'), current_setting('search_path')").fetchone() == (
                "77MB", '"$user", public, "a b"'
            )
        with closing(psycopg.connect(built.conninfo("The App"))) as planner:
            assert planner.execute("show work_mem").fetchone() == ("88MB",)
        carried = asked(built, "select unnest(setconfig) from pg_db_role_setting")
        assert {row[0].partition("=")[0] for row in carried} == {"work_mem", "search_path"}
        assert {omission.name for omission in built.omissions} == {"random_page_cost", "jit", 'jit of "The App"'}


def test_a_statement_that_does_not_end_is_left_out(monkeypatch):
    monkeypatch.setattr(twin, "_STATEMENT_TIMEOUT_MS", 200)
    loop = "create function public.loop() returns int language plpgsql as $$ begin loop end loop; end $$"
    objects = made("create table public.parent (a int) partition by list (a)", loop, runs("public.loop()"), "create table public.after ()")
    with twin.build(snapshot(*objects), bin_directory(MAJORS[-1])) as built:
        assert [omission.name for omission in built.omissions] == ["public.o2"]
        assert "public.after" in built.catalog.relations


def test_a_snapshot_that_works_around_the_timeout_is_refused(monkeypatch):
    monkeypatch.setattr(twin, "_LONGEST_BUILD_S", 1.5)
    loop = (
        "create function public.loop() returns int language plpgsql as $$ begin"
        " perform set_config('statement_timeout', '0', false); if current_setting('application_name') = 'again' then"
        " loop end loop; end if; perform set_config('application_name', 'again', false); return 1; end $$"
    )
    objects = made("create table public.parent (a int) partition by list (a)", loop, runs("public.loop()"), runs("public.loop() + 1"))
    with pytest.raises(AuditError, match="still running after"):
        twin.build(snapshot(*objects), bin_directory(MAJORS[-1]))


def test_a_snapshot_that_fills_the_disk_is_refused(monkeypatch):
    monkeypatch.setattr(twin, "_MOST_OCCUPIED_BYTES", 80 * 1024**2)
    objects = made("create table public.big as select repeat(md5(i::text), 60) from generate_series(1, 100000000) as i")
    with pytest.raises(AuditError, match="fill the disk"):
        twin.build(snapshot(*objects), bin_directory(MAJORS[-1]))


@pytest.mark.parametrize("size", [
    {"pages": 2**40}, {"pages": -2}, {"file_pages": 2**40}, {"tuples": float("nan")}, {"tuples": float("inf")}, {"file_pages": -7},
])
def test_sizes_that_no_relation_has_are_refused(size):
    claimed = RelationSize(**{"name": "public.t", "kind": "r", "pages": 1, "tuples": 1, "all_visible_pages": 0} | size)
    with pytest.raises(AuditError, match="damaged"):
        twin.build(snapshot(sizes=[claimed]), Path(bin_directory(MAJORS[-1])))


def test_more_data_than_there_is_in_the_world_is_refused():
    sizes = [
        RelationSize(name=f"public.t{n}", kind="r", pages=2**32 - 2, tuples=1, all_visible_pages=0) for n in range(4)
    ]
    with pytest.raises(AuditError, match="more than the lab makes"):
        twin.build(snapshot(sizes=sizes), bin_directory(MAJORS[-1]))


@pytest.mark.parametrize("major", EDGES)
def test_figures_that_do_not_fit_are_left_out_and_the_server_survives(major):
    objects = made("create table public.t (a int, b text, c int[], d point)", "create statistics public.s on a, b from public.t")
    usual = {
        "relation": "public.t", "is_inherited": False, "null_fraction": 0, "average_width_bytes": 4, "distinct_count": -1
    }
    odd = [
        {"column": "a", "most_common_values": "{1,2,3}", "most_common_frequencies": (0.5,)},
        {"column": "b", "histogram_bounds": "not an array"},
        {"column": "c", "null_fraction": float("nan")},
        {"column": "d", "histogram_bounds": '{"(1,2)"}'},
        {"column": "no", "histogram_bounds": "{1}"},
        {"relation": "pg_catalog.pg_class", "column": "oid", "histogram_bounds": "{1}"},
        {"column": "b", "average_width_bytes": 2**40},
    ]
    texts = ["nonsense", '{"1, 2": NaN}', "[]", '{"1": 2}', '{"1, 2": "x"}', "{" * 10_000]
    extended = [ExtendedStatistics(name="public.s", relation="public.t", is_inherited=False, distinct_counts=text) for text in texts]
    statistics = [ColumnStatistics(**usual | column) for column in odd]
    with twin.build(snapshot(*objects, statistics=statistics, extended=extended), bin_directory(major)) as built:
        kept = asked(built, "select staattnum from pg_catalog.pg_statistic where starelid = 'public.t'::regclass")
        missing = [omission.name for omission in built.omissions]
        assert missing.count("public.s") == len(texts)
        assert {"public.t.a", "public.t.b", "public.t.c", "public.t.d", "public.t.no", "pg_catalog.pg_class"} <= set(missing)
        # The functions of 18 keep a column's other figures where its values cannot be read.
        assert {row[0] for row in kept} <= ({1, 2, 4} if major >= 18 else set())
        with closing(psycopg.connect(built.conninfo())) as planner:
            planner.execute("explain select from public.t where a = 3 and b = 'x' and c @> '{1}'")
