"""Fixes carried out on a copy: what is measured there, and that nothing is left of it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from waiting import wait_for

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Statement
from dbaudit.sources import sqlfile
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.prove_on import Copy, refuse_same_server
from dbaudit.sources.postgres.session import Session

OWNER = "copy_owner"
TABLES = (
    "create table people (id int generated always as identity primary key, email text unique, city int, note text)",
    "insert into people (email, city, note) select 'p' || n, n % 2000, repeat('x', 50) from generate_series(1, 15000) n",
    "create table visits (person int references people, day date, place int, primary key (person, day))",
    "insert into visits select n, date '2024-01-01', n % 50 from generate_series(1, 4000) n",
    "create table stays (place int, since timestamptz, primary key (since, place), foreign key (place) references people)",
    "insert into stays select n % 50 + 1, timestamptz '2024-01-01' + n * interval '1 hour' from generate_series(1, 4000) n",
    "create table parts (id int, kind int) partition by range (id)",
    "create table parts_1 partition of parts for values from (0) to (10000)",
    "create table parts_2 partition of parts for values from (10000) to (20000)",
    "insert into parts select n, n % 1000 from generate_series(0, 19999) n",
    "create table logged (id int)",
    "insert into logged select generate_series(1, 9000)",
    "create function noted() returns trigger language plpgsql as 'begin return new; end'",
    "create trigger noted before insert on logged for each row execute function noted()",
)
BY_CITY = 'CREATE INDEX CONCURRENTLY "people city" ON public.people (city);'


@pytest.fixture
def owned(database):
    """A copy whose owner is no superuser."""
    database.run(
        f"do $$ begin if to_regrole('{OWNER}') is null then create role {OWNER} login; end if; end $$",
        f"grant all on schema public to {OWNER}",
        f"set role {OWNER}",
        *TABLES,
        "analyze people, visits, parts",
        "reset role",
    )
    return database


def statement(text: str) -> Statement:
    (only,) = sqlfile.split(text, "q.sql")
    return only


def left(database) -> list:
    """What a trial could leave: relations, statistics, rows, locks, open transactions."""
    return [
        database.admin.execute(text).fetchall()
        for text in (
            "select oid, relname from pg_class where relnamespace = 'public'::regnamespace order by 1",
            "select * from pg_stats where schemaname = 'public' order by 1, 2, 3",
            "select count(*), max(id) from people",
            "select last_value from people_id_seq",
            "select count(*) from pg_index where not indisvalid",
            f"select state from pg_stat_activity where usename = '{OWNER}' and datname = current_database()"
            " and state <> 'idle'",
        )
    ]


def test_an_index_is_built_timed_priced_and_gone(owned):
    copy = Copy(owned.session(OWNER), timeout_ms=5_000, runs=2)
    before = left(owned)
    compared = copy.build([BY_CITY], copy.runnable(statement("select * from people where city = 77")))
    assert (compared.is_used, compared.before.runs, compared.after.runs) == (True, 2, 2)
    assert [node.node_type for node in compared.before.plan.nodes()] == ["Seq Scan"]
    assert "people city" in {node.index_name for node in compared.after.plan.nodes()}
    assert compared.after.blocks < compared.before.blocks / 5
    assert compared.insert_us is not None
    copy.close()
    assert left(owned) == before

    owned.run(BY_CITY)
    (size,) = owned.admin.execute("select pg_relation_size('\"people city\"')").fetchone()
    assert compared.size_bytes == size


@pytest.fixture
def copy(newest):
    newest.run(*TABLES, "analyze people, visits, parts, logged, stays")
    return Copy(newest.session(), timeout_ms=5_000, runs=1)


def test_what_can_be_priced_is(copy):
    for definition, text, is_used, is_priced in (
        ("create index i on public.parts (kind)", "select * from parts where kind = 5", True, True),
        ("create index i on public.people (lower(note))", "select * from people where lower(note) = 'y'", True, True),
        ("create index i on public.people (note)", "select * from people where city = 77", False, True),
        ("create index i on public.people (city)", "select * from people where city = $1", True, True),
        ("create index i on public.people (city)", "-- dbaudit: param c = 7\nselect * from people where city = :c", True, True),
        ("create index i on public.visits (place)", "select * from visits where place = 999", True, True),
        ("create index i on public.stays (place)", "select * from stays where place = 999", True, True),
        ("create index i on public.logged (id)", "select * from logged where id = 7", True, False),
    ):  # fmt: skip
        compared = copy.build([definition], copy.runnable(statement(text)))
        assert (compared.is_used, compared.insert_us is not None) == (is_used, is_priced), (definition, text)


def test_only_what_passes_the_gate_is_run(copy):
    for text, reason in (
        ("update people set city = 1 where city = 77", "an UPDATE is planned, never run"),
        ("select nextval('people_id_seq') from people where city = 77", "nextval"),
        ("select * from nowhere", 'relation "nowhere" does not exist'),
        ("select * from people where city = 77 for update", "locks the rows it reads"),
    ):
        with pytest.raises(AuditError, match=reason):
            copy.runnable(statement(text))


def test_what_ends_a_trial_leaves_nothing(newest, copy):
    runnable = copy.runnable(statement("select * from people where city = 77"))
    before = left(newest)
    for definition, reason in (
        ("create index i on public.people (nothing)", 'column "nothing" does not exist'),
        ("create index i on public.people (id); drop table people", "cannot insert multiple commands"),
        ("create index people_pkey on public.people (city)", 'relation "people_pkey" already exists'),
    ):
        with pytest.raises(AuditError, match=reason):
            copy.build([definition], runnable)
    with psycopg.connect(newest.conninfo()) as other:
        other.execute("lock table people in row exclusive mode")
        with pytest.raises(AuditError, match="lock timeout"):
            copy.build([BY_CITY], runnable)
    with pytest.raises(KeyboardInterrupt), interrupted_building(newest):
        copy.build([BY_CITY], replace(runnable, text="select count(*) from people a, people b where b.email > a.email"))
    assert left(newest) == before
    slow = replace(runnable, text="select pg_sleep(9) from people where city = 77 limit 1")
    assert copy.build([BY_CITY], runnable).size_bytes
    cut = Copy(newest.session(), timeout_ms=300).build([BY_CITY], slow)
    assert (cut.before.was_cut, cut.before.ms, cut.after.was_cut) == (True, 300, True)
    assert left(newest) == before


@contextmanager
def interrupted_building(database):
    """Ctrl-C as soon as a statement runs in a transaction that has written something."""
    running = (
        "select count(*) > 0 from pg_stat_activity"
        " where backend_xid is not null and query like 'explain%' and datname = current_database()"
    )

    def interrupt() -> None:
        with psycopg.connect(database.conninfo(), autocommit=True) as watching:
            wait_for(watching, running)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    try:
        yield
    finally:
        watcher.join()


def test_the_audited_server_is_no_copy_behind_whatever_name(newest, servers):
    newest.run("create database other_name")
    try:
        with psycopg.connect(newest.server.conninfo("other_name")):
            other = newest.server.conninfo("other_name")
        for conninfo, is_refused in ((newest.conninfo(), True), (other, True), (servers[16].conninfo(), False)):
            session = Session(connect(Address(conninfo=conninfo)))
            if is_refused:
                with pytest.raises(AuditError, match="audited server itself"):
                    refuse_same_server(newest.session(), session)
            else:
                refuse_same_server(newest.session(), session)
            session.close()
    finally:
        newest.run("drop database other_name")
