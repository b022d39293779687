"""The gate lets nothing through that acts: not as a superuser, not as the owner, not as pg_monitor."""

from pathlib import Path

import psycopg
import pytest
from hostile import BEHIND_A_POLICY, HARMLESS, MONITOR, OWNER, STATEMENTS, set_traps, state
from waiting import wait_for

from dbaudit.facts.statement import How, Statement
from dbaudit.finding import Span
from dbaudit.sources.postgres.explain import Gate
from dbaudit.sources.postgres.names import names_in


def statement(text: str) -> Statement:
    span = Span(path="hostile.sql", line=1, column=1, end_line=1, end_column=1)
    return Statement(name="", text=text, span=span, identity=text)


def gated(session, texts, **options) -> dict:
    gate = Gate(session, **{"analyze": True, "timeout_ms": 5_000, **options})
    return {text: gate.explain(statement(text)) for text in texts}


@pytest.fixture
def trapped(database):
    set_traps(database)
    database.run("select pg_stat_reset()")
    wait_for(database.admin, "select stats_reset is not null from pg_stat_database where datname = current_database()")
    return database


@pytest.mark.parametrize("user", ["postgres", OWNER, MONITOR])
def test_no_statement_leaves_anything_behind(trapped, user):
    with psycopg.connect(trapped.conninfo(user)) as victim:
        pid = victim.info.backend_pid
        session = trapped.session(user)
        before = state(trapped.admin, pid)
        texts = STATEMENTS if user == "postgres" else STATEMENTS + BEHIND_A_POLICY
        results = gated(session, [text.replace("{victim}", str(pid)) for text in texts])
        assert state(trapped.admin, pid) == before
        assert session.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert session.connection.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
        assert session.connection.execute("show statement_timeout").fetchone() == ("0",)
        assert victim.execute("select 1").fetchone() == (1,)
    assert not Path("/tmp/dbaudit-trap").exists()
    through = [text for text, explained in results.items() if explained.how in (How.ANALYZED, How.TIMED_OUT)]
    assert through == []


def test_what_is_harmless_is_run(trapped):
    results = gated(trapped.session(OWNER), HARMLESS)
    assert {text: explained.reason for text, explained in results.items() if explained.how is not How.ANALYZED} == {}


MONEY = """
create type traps.money as (cents int);
create function traps.to_money(int) returns traps.money language plpgsql as
  'begin perform pg_advisory_lock(1); return row($1); end';
create function traps.as_json(traps.money) returns json language plpgsql as
  'begin perform pg_advisory_lock(1); return to_json($1.cents); end';
create function traps.worth(traps.money) returns int language sql immutable as 'select 1';
create function traps.order_of(traps.money, traps.money) returns int language plpgsql as
  'begin perform pg_advisory_lock(1); return 0; end';
"""


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            "create cast (int as traps.money) with function traps.to_money(int) as implicit",
            "select traps.worth(id) from traps.t",
        ),
        (
            "create cast (traps.money as json) with function traps.as_json(traps.money)",
            "select to_json(row(1)::traps.money)",
        ),
        (
            "create operator class traps.money_ops for type traps.money using btree as function 1 "
            "traps.order_of(traps.money, traps.money)",
            "select greatest(row(1)::traps.money, row(2)::traps.money)",
        ),
    ],
    ids=["implicit cast", "cast to json", "operator class"],
)
def test_what_neither_plan_nor_text_shows_stops_every_run(trapped, made, text):
    trapped.run(MONEY, made)
    (explained,) = gated(trapped.session(), [text]).values()
    assert explained.how is How.PLANNED
    assert "through an implicit cast or an operator class" in explained.reason
    assert advisory_locks(trapped) == 0


def test_a_cast_is_met_where_it_is_written(trapped):
    trapped.run(MONEY, "create cast (int as traps.money) with function traps.to_money(int)")
    written, unwritten = gated(trapped.session(), ["select id::traps.money from traps.t", "table traps.t"]).values()
    assert (written.how, unwritten.how) == (How.PLANNED, How.ANALYZED)
    assert advisory_locks(trapped) == 0


@pytest.mark.parametrize("volatility", ["volatile", "stable", "immutable"])
def test_a_connection_of_its_own_is_not_opened_even_when_planning(trapped, volatility):
    """dblink writes in a transaction that nobody rolls back."""
    trapped.run(
        "create extension dblink schema traps",
        f"create function traps.far(int) returns int language plpgsql {volatility} as "
        f"'begin perform traps.dblink_exec(''{trapped.conninfo().replace(chr(39), chr(39) * 4)}'', "
        "''insert into traps.log default values''); return $1; end'",
        "create view traps.far_view as select traps.far(1) as x",
    )
    texts = ["select traps.far(1)", "select * from traps.t where id = traps.far(1)", "select x from traps.far_view",
             "select 1 limit traps.far(1)", "select traps.dblink('x', 'y')"]
    results = gated(trapped.session(), texts).values()
    assert {explained.how for explained in results} <= {How.PLANNED, How.NOT_RUN}
    assert trapped.admin.execute("select count(*) from traps.log").fetchone() == (0,)


def test_foreign_tables_are_not_read(trapped):
    trapped.run(
        "create extension file_fdw",
        "create server files foreign data wrapper file_fdw",
        "create foreign table traps.remote (line text) server files options (program 'touch /tmp/dbaudit-trap')",
    )
    (explained,) = gated(trapped.session(), ["select * from traps.remote"]).values()
    assert explained.how is How.PLANNED and "foreign table" in explained.reason


def test_functions_of_extensions_that_run_sql_are_not_called(trapped):
    trapped.run("create extension tablefunc schema traps")
    text = "select * from traps.crosstab('select pg_advisory_lock(1)::text, 1, 1') as q (a text, b int)"
    (explained,) = gated(trapped.session(), [text]).values()
    assert explained.how is How.PLANNED and "traps.crosstab" in explained.reason
    assert advisory_locks(trapped) == 0


def test_functions_of_extensions_that_only_make_numbers_are(trapped):
    trapped.run("create extension pgcrypto schema traps", 'create extension "uuid-ossp" schema traps')
    texts = ["select traps.gen_random_bytes(4)", "select traps.uuid_generate_v4()"]
    assert {explained.how for explained in gated(trapped.session(), texts).values()} == {How.ANALYZED}


@pytest.mark.parametrize("level", ["role", "database"])
def test_a_backslash_means_what_the_splitter_takes_it_for(trapped, level):
    """With standard_conforming_strings off, the same text would be three statements, or hide a call."""
    whose = f"role {OWNER}" if level == "role" else f"database {trapped.name}"
    trapped.run(f"alter {whose} set standard_conforming_strings = off")
    text = r"select 'a\' as x, '; delete from traps.t; --'"
    hiding = r"select 'a\' as x, ' limit 1', (values (1)) order by '\', pg_advisory_lock(1) --'"
    plain, hidden = gated(trapped.session(OWNER), [text, hiding]).values()
    trapped.run(f"alter {whose} reset standard_conforming_strings")
    assert plain.how is How.ANALYZED
    assert hidden.how is not How.ANALYZED
    assert trapped.admin.execute("select count(*) from traps.t").fetchone() == (50,)
    assert advisory_locks(trapped) == 0


def test_a_name_that_is_not_on_the_search_path_is_not_meant(trapped):
    trapped.run(
        "create schema elsewhere",
        "create function elsewhere.upper(text) returns text language plpgsql as 'begin return $1; end'",
    )
    inside, outside = gated(trapped.session(), ["select elsewhere.upper('a')", "select upper('a')"]).values()
    assert (inside.how, outside.how) == (How.PLANNED, How.ANALYZED)


def test_an_inlined_function_is_judged_by_what_is_in_it(trapped):
    trapped.run(
        "create function traps.twice(int) returns int language sql as 'select $1 * 2'",
        "create function traps.thrice(int) returns int language sql return $1 * 3",
    )
    texts = ["select traps.twice(id), traps.thrice(id) from traps.t", "select id from traps.t limit traps.twice(2)"]
    assert {explained.how for explained in gated(trapped.session(), texts).values()} == {How.ANALYZED}


def test_a_plan_of_100_kilobytes_is_read_in_one_pass(newest):
    literal = "(" * 25_000 + "a." * 12_500 + "''" * 12_500 + '"' * 12_500
    names = names_in(f"Output: '{literal}'::text", "((" * 25_000, "a." * 50_000, '"' * 99_999, "f(" * 50_000)
    assert names.calls >= {"f"}
    folded, quoted = gated(newest.session(), [f"select '{literal}'", "select repeat('x(', 50000)"]).values()
    assert (folded.how, quoted.how) == (How.ANALYZED, How.ANALYZED)


def test_a_plan_that_is_too_long_is_not_used(newest):
    (explained,) = gated(newest.session(), ["select repeat('x', 20000000)"]).values()
    assert (explained.how, explained.reason) == (How.NOT_RUN, "its plan is 19 MiB of text")


def advisory_locks(database) -> int:
    return database.admin.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()[0]
