"""What becomes of each kind of statement, and of the run when something goes wrong."""

import os
import signal
import subprocess
import sys
import threading

import psycopg
import pytest
from majors import MAJORS, bin_directory
from waiting import wait_for

from dbaudit.errors import ServerGone
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained, How, Kind, Statement
from dbaudit.facts.statement_text import Category, StatementText
from dbaudit.finding import Span
from dbaudit.lab.server import start
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.sqlfile import split


def one(session: Session, text: str, **options) -> Explained:
    (explained,) = explain(session, split(text, "queries.sql"), **options)
    return explained


ORDERS = (
    "create table orders (id int primary key, state text, total int)",
    "insert into orders select g, case when g = 1 then 'rare' else 'common' end, g from generate_series(1, 1000) g",
    "analyze orders",
)


@pytest.fixture
def shop(database):
    database.run(*ORDERS)
    return database


@pytest.fixture
def newest_shop(newest):
    newest.run(*ORDERS)
    return newest


def test_a_query_is_run(shop):
    explained = one(shop.session(), "select * from orders where id = 7")
    assert (explained.how, explained.reason) == (How.ANALYZED, "")
    assert explained.plan.was_run and explained.plan.root.actual_rows == 1


def test_nothing_is_run_where_that_is_asked(newest_shop):
    explained = one(newest_shop.session(), "select * from orders where id = 7", analyze=False)
    assert (explained.how, explained.reason) == (How.PLANNED, "--no-analyze")
    assert not explained.plan.was_run


@pytest.mark.parametrize("analyze", [True, False])
def test_a_change_with_parameters_is_planned_generically(shop, analyze):
    text = "update orders set total = $1 where id = $2 and state = $3 returning id"
    explained = one(shop.session(), text, analyze=analyze)
    assert (explained.how, explained.reason) == (How.PLANNED, "has parameters: planned with a generic plan")
    assert "$2" in list(explained.plan.nodes())[-1].index_cond


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("insert into orders values (0)", "an INSERT is planned, never run"),
        ("update orders set total = 0", "an UPDATE is planned, never run"),
        ("with gone as (delete from orders returning *) select * from gone", "a DELETE is planned, never run"),
        ("select * from orders for update", "locks the rows it reads"),
        ("select nextval('s')", "it calls pg_catalog.nextval: it is volatile"),
        ("select from orders", "returns no columns"),
    ],
)
def test_what_could_act_is_planned(shop, text, reason):
    shop.run("create sequence s")
    explained = one(shop.session(), text)
    assert (explained.how, explained.reason) == (How.PLANNED, reason)
    assert explained.plan and not explained.plan.was_run


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("explain analyze execute p", "begins with EXPLAIN: leave it out, dbaudit adds its own"),
        ("create table x as select 1", "CREATE TABLE has no plan, and is never run"),
        ("select 1 into x", "SELECT INTO creates a table, and is never run"),
        ("vacuum", "VACUUM has no plan, and is never run"),
        ("do $$ begin null; end $$", "DO has no plan, and is never run"),
        ("\\copy x from 'y'", "is a psql meta-command, which is never sent to the server"),
        ("select '" + "x" * (1 << 20) + "'", "is 1.0 MiB long; statements up to 1 MiB are explained"),
        ("select 'a\0b'", "has a NUL byte in it"),
    ],
)
def test_what_has_no_plan_is_not_run(newest, text, reason):
    explained = one(newest.session(), text)
    assert (explained.how, explained.reason, explained.plan) == (How.NOT_RUN, reason, None)


def test_a_refusal_points_into_the_file(database):
    text = "select 1;\n\n-- name: broken\nselect 'ä',\n       nope\nfrom pg_class;\nselect 2"
    first, broken, last = explain(database.session(), split(text, "queries.sql"))
    assert (first.how, broken.how, last.how) == (How.ANALYZED, How.REJECTED, How.ANALYZED)
    assert broken.refusal.sqlstate == "42703"
    assert broken.refusal.message == 'column "nope" does not exist'
    assert broken.refusal.span == Span(path="queries.sql", line=5, column=8, end_line=5, end_column=12)


def test_a_syntax_error_of_something_without_a_plan_is_a_refusal_too(newest):
    explained = one(newest.session(), "create tabel x (id int)")
    assert (explained.how, explained.refusal.sqlstate) == (How.REJECTED, "42601")


def test_a_statement_that_fails_when_it_runs_keeps_its_plan(newest_shop):
    explained = one(newest_shop.session(), "select 1 / (id - 1) from orders")
    assert (explained.how, explained.reason) == (How.PLANNED, "running it failed: division by zero")
    assert explained.plan


def test_a_statement_that_takes_too_long_is_cancelled_and_keeps_its_plan(newest_shop):
    session = newest_shop.session()
    slow = "select count(*) from orders a, orders b, orders c, orders d"
    explained = one(session, slow, timeout_ms=300)
    assert (explained.how, explained.limit_ms) == (How.TIMED_OUT, 300)
    assert explained.plan and not explained.plan.was_run
    assert one(session, "select 1").how is How.ANALYZED


def test_a_locked_table_is_given_up_soon_and_the_others_go_on(shop):
    with psycopg.connect(shop.conninfo()) as other:
        other.execute("lock table orders in access exclusive mode")
        locked, free = explain(shop.session(), split("select * from orders; select 1", "queries.sql"))
    assert (locked.how, locked.plan) == (How.NOT_RUN, None)
    assert locked.reason == "a relation that it reads is locked by another session: given up after 500 ms"
    assert free.how is How.ANALYZED


def test_what_the_role_may_not_read_is_said(newest_shop):
    newest_shop.run(
        "do $$ begin if to_regrole('nobody_much') is null then create role nobody_much login; end if; end $$",
    )
    explained = one(newest_shop.session("nobody_much"), "select * from orders")
    assert (explained.how, explained.reason) == (How.NOT_RUN, "permission denied for table orders")


def test_a_server_that_goes_away_leaves_what_was_found(newest_shop):
    session = newest_shop.session()
    results = explain(session, split("select 1; select 2; select 3", "queries.sql"))
    assert next(results).how is How.ANALYZED
    newest_shop.run(f"select pg_terminate_backend({session.connection.info.backend_pid}, 10000)")
    with pytest.raises(ServerGone):
        next(results)
    assert session.lost


def test_a_server_that_is_killed_in_the_middle_of_a_statement_is_a_server_that_has_gone():
    with start(bin_directory(MAJORS[-1])) as server:
        session = Session(connect(Address(conninfo=server.conninfo())))
        backend = session.connection.info.backend_pid
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            results = explain(session, split("select 1; " + SLOW, "queries.sql"))
            assert next(results).how is How.ANALYZED
            killer = threading.Thread(target=kill_when_it_runs, args=(admin, backend))
            killer.start()
            with pytest.raises(ServerGone):
                next(results)
            killer.join()


SLOW = "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b"


def kill_when_it_runs(admin: psycopg.Connection, backend: int) -> None:
    wait_for(admin, running(backend))
    os.kill(backend, signal.SIGKILL)


def running(backend: int) -> str:
    return f"select query ~ 'analyze' and state = 'active' from pg_stat_activity where pid = {backend}"


AUDIT = """
import sys
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.sqlfile import split
session = Session(connect(Address(conninfo=sys.argv[1])))
print(session.connection.info.backend_pid, flush=True)
for explained in explain(session, split(sys.argv[2], "queries.sql")):
    pass
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_audit_that_is_interrupted_leaves_no_backend_running(database, how):
    tool = subprocess.Popen(
        [sys.executable, "-c", AUDIT, database.conninfo(), SLOW], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    backend = int(tool.stdout.readline())
    wait_for(database.admin, running(backend))
    tool.send_signal(how)
    tool.communicate()
    wait_for(database.admin, f"select count(*) = 0 from pg_stat_activity where pid = {backend}")


def test_after_an_interruption_the_session_is_clean(newest):
    session = newest.session()
    backend = session.connection.info.backend_pid
    interrupter = threading.Thread(target=interrupt_when_it_runs, args=(newest.admin, backend))
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        one(session, SLOW)
    interrupter.join()
    assert session.rows("select count(*) from pg_prepared_statements") == [(0,)]
    assert one(session, "select 1").how is How.ANALYZED


def interrupt_when_it_runs(admin: psycopg.Connection, backend: int) -> None:
    wait_for(admin, running(backend))
    os.kill(os.getpid(), signal.SIGINT)


def test_a_canceled_statement_is_not_a_slow_one(newest):
    session = newest.session()
    backend = session.connection.info.backend_pid

    def cancel() -> None:
        wait_for(newest.admin, running(backend))
        newest.run(f"select pg_cancel_backend({backend})")

    canceler = threading.Thread(target=cancel)
    canceler.start()
    explained = one(session, SLOW)
    canceler.join()
    assert (explained.how, explained.reason) == (How.PLANNED, "another session canceled it")


def test_the_facts_tell_of_the_relations_in_the_plans(shop):
    facts = explained_facts(shop.session(), split("select * from orders", "queries.sql"))
    assert [explained.how for explained in facts[Explained]] == [How.ANALYZED]
    assert [table.name for table in facts[Table]] == ["orders"]
    assert [index.name for index in facts[Index]] == ["orders_pkey"]
    assert {column.name for column in facts[Column]} == {"id", "state", "total"}
    assert [text.category for text in facts[StatementText]] == [Category.SELECT]
    assert facts[Server][0].major == shop.major


def test_what_outlives_the_transaction_is_given_back(newest):
    """A function that is declared stable, and hides what it does from every look-up."""
    newest.run(
        "create function sly(int) returns int language plpgsql stable as "
        "'begin execute ''select pg_adv'' || ''isory_lock(1)''; return 1; end'"
    )
    session = newest.session()
    assert one(session, "select sly(g) from generate_series(1, 3) as g").how is How.ANALYZED
    assert newest.admin.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)


def test_a_limit_of_the_server_leaves_the_estimated_plan(newest):
    newest.run("create table wide as select g, repeat('x', 200) as w from generate_series(1, 50000) as g")
    newest.run(f"alter database {newest.name} set temp_file_limit = '1MB'")
    explained = one(newest.session(), "select * from wide order by w, g")
    assert (explained.how, explained.plan.root.node_type) == (How.PLANNED, "Sort")
    assert explained.reason.startswith("it needs more than the server allows: temporary file size exceeds")


def test_a_plan_of_many_levels_is_read(newest):
    text = "select 1" + " union all select 1 from (select 1 offset 0) as q" * 300
    nested = "select * from (" * 400 + "select 1 offset 0" + ") as q offset 0" * 400
    wide, deep = explain(newest.session(), split(f"{text}; {nested}", "queries.sql"))
    assert wide.how is How.ANALYZED
    assert deep.how is How.ANALYZED or deep.reason == "its plan is nested too deep"


def test_a_serializable_default_is_not_taken_over(newest):
    newest.run(f"alter database {newest.name} set default_transaction_isolation = serializable")
    session = newest.session()
    assert session.rows("show transaction_isolation") == [("read committed",)]
    assert one(session, "select current_setting('transaction_isolation')").how is How.ANALYZED


def test_copy_data_is_never_sent(newest):
    span = Span(path="dump.sql", line=1, column=1, end_line=1, end_column=1)
    data = Statement(name="", text="1\tx\n", span=span, identity="x", kind=Kind.COPY_DATA)
    (explained,) = explain(newest.session(), [data])
    assert (explained.how, explained.reason) == (How.NOT_RUN, "is COPY data, which is never sent to the server")


def test_an_explain_in_a_file_is_left_away_where_the_server_knows_it(database):
    session = database.session()
    known = ("explain", "explain analyse verbose", "explain (analyze off, \"verbose\" 0, costs +1, format 'json')")
    for prefix in known:
        session.rows(f"{prefix} (select 1 as one)")
        explained = one(session, f"{prefix} (select 1 as one)")
        assert (explained.how, explained.statement.text) == (How.ANALYZED, "(select 1 as one)"), prefix
    for prefix in ("explain verbose analyze", "explain ()", "explain (analyze true false)", "explain explain"):
        with pytest.raises(psycopg.errors.SyntaxError):
            session.rows(f"{prefix} (select 1 as one)")
        assert one(session, f"{prefix} (select 1 as one)").how is How.REJECTED, prefix


def test_an_error_behind_explain_points_into_the_file(newest):
    explained = one(newest.session(), "\n explain (analyze,\n buffers) select 1,\n  nothing")
    assert (explained.refusal.sqlstate, explained.refusal.span.line, explained.refusal.span.column) == ("42703", 4, 3)


def test_what_is_explained_is_as_unlikely_to_be_run_as_without(newest_shop):
    explained = one(newest_shop.session(), "explain analyze delete from orders")
    assert (explained.how, explained.reason) == (How.PLANNED, "a DELETE is planned, never run")
    assert newest_shop.admin.execute("select count(*) from orders").fetchone() == (1000,)
