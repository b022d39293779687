"""What a twin does with what its lab has not, how large its relations are, and who plans in it."""

from contextlib import closing
from types import SimpleNamespace

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.database import Database
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import ColumnStatistics, PlannerSetting, RelationSize, SchemaObject, Snapshot
from dbaudit.lab import binaries, sparse, twin

NEWEST = MAJORS[-1]


def thing(kind, name, sql, relation=""):
    return SchemaObject(kind=kind, name=name, sql=sql, relation=relation)


def database(**differing):
    usual = {
        "encoding": "UTF8", "provider": "libc", "collate": "C.UTF-8", "ctype": "C.UTF-8", "locale": "",
        "block_size_bytes": 8192,
    }
    return Database(**usual | differing)


def snapshot(*objects, sizes=(), statistics=(), settings=(), facts=Facts({})):
    public = thing("schema", "public", "create schema if not exists public;")
    return Snapshot(
        taken_at="2026-01-01T00:00:00Z", facts=facts, objects=(public, *objects), sizes=tuple(sizes),
        statistics=tuple(statistics), settings=tuple(settings),
    )


def size(name, kind, pages, tuples, file_pages=None):
    return RelationSize(name=name, kind=kind, pages=pages, tuples=tuples, all_visible_pages=0, file_pages=file_pages)


def planned(built, statement):
    with closing(psycopg.connect(built.conninfo(), autocommit=True)) as planner:
        return planner.execute(f"explain (format json) {statement}").fetchone()[0][0]["Plan"]


def asked(built, question):
    with closing(psycopg.connect(built.admin_conninfo(), autocommit=True)) as admin:
        return admin.execute(question).fetchall()


def omitted(built):
    return {(omission.kind, omission.name) for omission in built.omissions}


TABLE = thing("table", "public.t", "create table public.t (id bigint not null, word text);")
KEY = thing("constraint", "t_pkey", "alter table only public.t add constraint t_pkey primary key (id);", "public.t")
BOUNDS = "{" + ",".join(str(n * 30_000_000) for n in range(101)) + "}"


@pytest.mark.parametrize("major", (MAJORS[0], NEWEST))
def test_a_terabyte_takes_no_room_and_is_planned_as_one_by_who_is_no_superuser(major):
    # 3 billion rows of 400 bytes in 150 million pages: 1,145 files of 1 GB.
    statistics = [
        ColumnStatistics(
            relation="public.t", column="id", is_inherited=False, null_fraction=0, average_width_bytes=8,
            distinct_count=-1, histogram_bounds=BOUNDS, correlation=1,
        )
    ]
    sizes = [size("public.t", "r", 150_000_000, 3e9, 150_000_100), size("public.t_pkey", "i", 8_226_000, 3e9)]
    with twin.build(snapshot(TABLE, KEY, sizes=sizes, statistics=statistics), bin_directory(major)) as built:
        assert built.omissions == ()
        data = built.server.directory / "data"
        assert sum(file.stat().st_blocks * 512 for file in data.rglob("*") if file.is_file()) < 80 * 1024**2
        assert asked(built, "select pg_relation_size('public.t') / 8192, pg_relation_size('public.t_pkey') / 8192") == [
            (150_000_100, 8_226_000)
        ]
        scan = planned(built, "select * from public.t")
        assert scan["Node Type"] == "Seq Scan" and scan["Plan Rows"] == pytest.approx(3e9 * 150_000_100 / 150_000_000, rel=0.001)
        one = planned(built, "select * from public.t where id = 5")
        assert one["Node Type"] == "Index Scan" and one["Plan Rows"] == 1
        # The end of the index is looked at, and is empty: the estimate is the histogram's.
        last = planned(built, "select * from public.t where id > 2970000000")
        assert last["Node Type"] == "Index Scan" and last["Plan Rows"] == pytest.approx(3e7, rel=0.01)
        # (height + 1) * 50 * cpu_operator_cost: 8,226,000 pages of eight-byte keys are four levels high.
        with closing(psycopg.connect(built.server.conninfo("twin"), autocommit=True)) as admin:
            admin.execute("create extension pageinspect")
            assert admin.execute("select root::int, level::int, fastlevel::int from bt_metap('public.t_pkey')").fetchone() == (1, 3, 3)
        with closing(psycopg.connect(built.conninfo())) as planner:
            assert planner.execute("show is_superuser").fetchone() == ("off",)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                planner.execute("create extension hstore")
    assert not data.exists()


@pytest.mark.parametrize("major", (MAJORS[0], NEWEST))
def test_what_the_lab_has_not_is_stubbed_or_left_out_and_listed(major):
    objects = [
        thing("extension", "postgis", "create extension if not exists postgis with schema public;"),
        thing("extension", '"uuid-ossp"', 'create extension if not exists "uuid-ossp" with schema public;'),
        thing("collation", "public.swiss", "create collation public.swiss (provider = libc, locale = 'de_CH.utf8');"),
        thing("function", "public.score(text)", "CREATE OR REPLACE FUNCTION public.score(t text)\n RETURNS integer\n"
              " LANGUAGE plpython3u\n IMMUTABLE COST 500\nAS $function$\nreturn 1\n$function$\n;"),
        thing("table", "public.place", "create table public.place (id bigint, at public.geometry(Point, 4326), name text"
              ' collate public.swiss, other text collate "de_CH.utf8", key uuid default public.uuid_generate_v4());'),
        thing("index", "public.place_at_idx", "create index place_at_idx on public.place using gist (at);", "public.place"),
        thing("index", "public.place_like_idx", "create index place_like_idx on public.place (at);", "public.place"),
        thing("index", "public.place_score_idx", "create index place_score_idx on public.place (public.score(name));", "public.place"),
        thing("view", "public.near", "create view public.near as select * from public.place where public.st_near(at);"),
        thing("policy", "only_own", "create policy only_own on public.place for select to app_user using (id = 1);", "public.place"),
        thing("foreign table", "public.f", "create foreign table public.f (a int) server elsewhere;"),
        # The body of a function that an index calls is looked at, and names its helper as its writer's session found it;
        # from 17 on no such index can be created, nor restored from a dump.
        thing("schema", '"In Ner"', 'create schema "In Ner";'),
        thing("function", '"In Ner".helper(text)', 'create function "In Ner".helper(text) returns text language sql immutable as'
              " 'select upper($1)';"),
        thing("function", "public.plain(text)", "create function public.plain(text) returns text language sql immutable as"
              " 'select helper($1)';"),
        thing("index", "public.t_plain_idx", "create index t_plain_idx on public.t (public.plain(word));", "public.t"),
        # In an order in which they cannot be created.
        thing("view", "public.early", "create view public.early as select id from public.t;"),
        TABLE,
    ]
    settings = [PlannerSetting(name="no_such", value="1"), PlannerSetting(name="force_parallel_mode", value="regress")]
    parallel = "force_parallel_mode" if major < 16 else "debug_parallel_query"
    statistics = [
        ColumnStatistics(relation="public.place", column="at", is_inherited=False, null_fraction=0, average_width_bytes=32, distinct_count=-1)
    ]
    swiss = database(collate="de_CH.utf8", ctype="de_CH.utf8", encoding="LATIN1", block_size_bytes=4096)
    older = Server(
        version_num=130_000, version="13.0", database="shop", user="app", host="db", port=5432, is_superuser=False,
        reads_all_statistics=True, in_recovery=False, uptime_s=1, statistics_age_s=1,
    )
    sizes = [size("public.place_at_idx", "i", 10, 10)]
    built_from = snapshot(*objects, settings=settings, statistics=statistics, sizes=sizes, facts=Facts.of(swiss, older))
    with twin.build(built_from, bin_directory(major)) as built:
        from_17_on = {("index", "public.t_plain_idx")} if major >= 17 else set()
        assert omitted(built) == from_17_on | {
            ("extension", "postgis"), ("type", "public.geometry"), ("collation", "public.swiss"), ("locale", "de_CH.utf8"),
            ("collation", "pg_catalog.de_CH.utf8"), ("function", "public.score(text)"), ("index", "public.place_at_idx"),
            ("view", "public.near"), ("role", "app_user"), ("foreign table", "public.f"), ("encoding", "LATIN1"),
            ("block size", "4096"), ("server", "PostgreSQL 13"),
        }
        assert {"public.place", "public.place_score_idx", "public.early", "public.t"} <= built.catalog.relations.keys()
        # As in a dictionary, where punctuation counts last. A database is in ICU's order from 15 on.
        assert asked(built, """select 'a' < 'B' collate "de_CH.utf8", 'b' > '_a' collate "de_CH.utf8" """) == [(True, True)]
        assert asked(built, "select 'a' < 'B' and '_b' > 'a'") == [(major >= 15,)]
        assert asked(built, f"select pg_catalog.current_setting('{parallel}')") == [("regress",)]
        assert "place_like_idx" in str(planned(built, "select at from public.place where at = 'POINT(1 1)'"))
        assert asked(built, "select procost from pg_catalog.pg_proc where proname = 'score'") == [(500.0,)]


@pytest.mark.parametrize(
    ("source", "collation", "has_prefix_scan"),
    [
        (database(collate="C", ctype="C"), "C", True),
        (database(), "C.UTF-8", False),
        (database(provider="builtin", locale="C.UTF-8"), "C.UTF-8", True),
    ],
    ids=["C", "libc", "builtin"],
)
def test_texts_compare_as_on_the_source_and_like_uses_an_index_where_it_does(source, collation, has_prefix_scan):
    index = thing("index", "public.t_word_idx", "create index t_word_idx on public.t (word);", "public.t")
    sizes = [size("public.t", "r", 10_000, 1e6), size("public.t_word_idx", "i", 3_000, 1e6)]
    with twin.build(snapshot(TABLE, index, sizes=sizes, facts=Facts.of(source)), bin_directory(NEWEST)) as built:
        assert built.omissions == ()
        assert asked(built, "select datcollate from pg_database where datname = 'twin'") == [(collation,)]
        scan = planned(built, "select * from public.t where word like 'abc%'")
        assert (scan["Node Type"] != "Seq Scan" and "Index Cond" in str(scan)) == has_prefix_scan


def test_a_file_system_without_sparse_files_is_refused(monkeypatch, tmp_path):
    filled = SimpleNamespace(st_blocks=sparse._PROBE_BYTES // 512)
    monkeypatch.setattr(sparse, "os", SimpleNamespace(fstat=lambda file: filled))
    with pytest.raises(AuditError, match="no sparse files"):
        sparse.require_sparse_files(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_major_at_or_above_the_sources_is_taken(monkeypatch):
    directories = {major: bin_directory(major) for major in (15, 17, 18)}
    monkeypatch.setattr(binaries, "_from_the_extra", lambda: iter([directories[18]]))
    monkeypatch.setattr(binaries, "_from_the_system", lambda: [directories[17], directories[15]])
    wanted = {14: 15, 15: 15, 16: 17, 17: 17, 18: 18, 19: 18}
    assert {major: binaries.major_of(binaries.nearest(major, None, {})) for major in wanted} == wanted
    assert binaries.nearest(15, directories[18], {}) == directories[18].resolve()
    assert binaries.nearest(15, None, {"DBAUDIT_PG_BIN": str(directories[17])}) == directories[17].resolve()
