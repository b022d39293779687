"""Sessions over a window: what is planted between two looks is found, and its healthy neighbor is not."""

from __future__ import annotations

import socket
import threading

import psycopg
import pytest
from majors import MAJORS, bin_directory
from relay import Relay
from test_connections import Shop, findings, names, sleep_in, unknowns
from waiting import wait_for

from dbaudit.checks.connection import abandoned_sessions as abandoned
from dbaudit.checks.connection import idle_hoard as hoard
from dbaudit.checks.connection import suspected_leak as leak
from dbaudit.checks.connection import too_many_active as active
from dbaudit.checks.connection import xmin_horizon_held as horizon
from dbaudit.checks.connection.connection_churn import connection_churn
from dbaudit.facts import Missing
from dbaudit.facts.activity import Backend, Slots
from dbaudit.facts.sessions import ClientPath, ConnectCost, DatabaseSessions, SessionGroup, SessionLook
from dbaudit.lab.server import start
from dbaudit.notes import about_connections
from dbaudit.sources.postgres.activity import sample, watch
from dbaudit.sources.postgres.connect_cost import measure
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

ONE_DAY_S = 86_400
NOW = leak.Options(idle_s=0, used_ratio=1)


@pytest.fixture(scope="module")
def server():
    with start(bin_directory(MAJORS[-1]), {"max_connections": "40", "wal_level": "logical"}) as running:
        shop = Shop(running)
        yield shop
        shop.admin.close()


@pytest.fixture
def shop(server):
    yield server
    server.clear()


@pytest.fixture
def relay(server):
    relay = Relay(f"{server.server.directory}/.s.PGSQL.5432")
    yield relay
    relay.close()


def session(shop, user: str = "monitor", **parameters) -> Session:
    conninfo = psycopg.conninfo.make_conninfo(shop.server.conninfo(user=user), **parameters)
    return Session(connect(Address(conninfo=conninfo)))


def watched(shop, seen, user: str = "monitor"):
    """Two looks a moment apart, with something done between them."""
    own = session(shop, user)
    try:
        return watch(own, lambda look, usable: seen(), seconds=0.01)
    finally:
        own.close()


def connect_often(shop, times: int, transactions: int) -> None:
    counted = "select sessions from pg_stat_database where datname = 'postgres'"
    before = shop.admin.execute(counted).fetchone()[0]
    for _ in range(times):
        with psycopg.connect(shop.server.conninfo(user="app"), autocommit=True) as connection:
            for _ in range(transactions):
                connection.execute("select 1")
    wait_for(shop.admin, f"select sessions >= {before + times} from pg_stat_database where datname = 'postgres'")


def test_connections_that_come_and_go_are_counted_though_no_look_sees_them(shop):
    facts = watched(shop, lambda: connect_often(shop, 20, 1))
    (counted,) = [row for row in facts[DatabaseSessions] if row.database == "postgres"]
    assert 20 <= counted.sessions <= 22
    assert names(connection_churn, facts) == ["warning database postgres"]
    assert max(look.sessions for look in facts[SessionLook]) == 1


def test_connections_that_are_used_are_no_churn(shop):
    assert names(connection_churn, watched(shop, lambda: connect_often(shop, 20, 10))) == []


def test_a_reset_of_the_statistics_is_no_clean_result(shop):
    connect_often(shop, 5, 5)
    facts = watched(shop, lambda: shop.admin.execute("select pg_stat_reset()"))
    assert unknowns(connection_churn, facts) == ["the statistics of database postgres were reset while we looked"]


def plant(shop) -> None:
    """One session in each state, beside the administrator's idle one."""
    shop.open(application="idle")
    shop.open(application="holder 123456", autocommit=False).execute("update orders set paid = true where id = 1")
    shop.wait_in(shop.open(application="waiter"), "update orders set paid = true where id = 1")
    shop.threads.append(threading.Thread(target=sleep_in, args=(shop.open(application="busy"),)))
    shop.threads[-1].start()
    wait_for(shop.admin, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')")


def test_a_look_tells_what_each_session_does(shop):
    plant(shop)
    facts = shop.look("monitor", samples=2)
    for look in facts[SessionLook]:
        assert (look.active, look.waiting, look.in_transaction, look.idle, look.masked) == (1, 1, 1, 2, 0)
    assert facts[Slots][0].samples == (6, 6)
    groups = {group.application: (group.sessions, group.in_use) for group in facts[SessionGroup]}
    assert groups["holder #"] == ((1, 1), (1, 1))
    assert groups["idle"] == ((1, 1), (0, 0))


def test_a_look_without_privileges_counts_and_does_not_guess(shop):
    plant(shop)
    facts = shop.look("bare", samples=2)
    assert [(look.sessions, look.masked, look.in_use) for look in facts[SessionLook]] == [(5, 5, 0)] * 2
    for check in (leak.suspected_leak, hoard.idle_hoard, active.too_many_active, horizon.xmin_horizon_held):
        assert len(unknowns(check, facts)) == 1


def test_more_at_work_than_cores_bear(shop):
    plant(shop)
    own = session(shop)
    facts = sample(own, samples=3, seconds=0.02, cores=1)
    own.close()
    assert names(active.too_many_active, facts) == []
    assert names(active.too_many_active, facts, active.Options(info_per_core=0, warning_per_core=0.5)) == [
        "warning server active sessions"
    ]


def test_ctrl_c_ends_watching_with_what_there_is(shop):
    own = session(shop)
    looks = []

    def interrupt(look, usable):
        looks.append(usable)
        if len(looks) == 1:
            raise KeyboardInterrupt

    facts = watch(own, interrupt)
    assert len(facts[SessionLook]) == 2
    assert looks == [37]
    assert facts.missing(Backend) is None
    states = shop.admin.execute("select state, xact_start from pg_stat_activity where usename = 'monitor'").fetchall()
    own.close()
    assert states == [("idle", None)]


def test_a_server_that_goes_away_leaves_the_looks(shop):
    end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'monitor'"
    own = session(shop)
    facts = watch(own, lambda look, usable: shop.admin.execute(end), seconds=30)
    assert "went away" in facts.missing(Backend).reason
    assert len(facts[SessionLook]) == 1
    assert facts[Slots][0].samples == (2,)


def test_a_look_that_the_server_refuses_leaves_those_before_it(shop):
    cancel = "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'monitor'"
    own = session(shop)
    rows = own.rows

    def refuse(look, usable):
        own.rows = lambda query: rows("select pg_catalog.pg_sleep(60)")
        canceller = threading.Thread(target=until_it_sleeps, args=(shop, cancel))
        shop.threads.append(canceller)
        canceller.start()

    facts = watch(own, refuse, seconds=30)
    own.close()
    assert "canceling statement due to user request" in facts.missing(Backend).reason
    assert len(facts[SessionLook]) == 1


def until_it_sleeps(shop, then: str) -> None:
    wait_for(shop.admin, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')")
    shop.admin.execute(then)


def test_connections_that_are_used_once_and_kept_look_like_a_leak(shop):
    for _ in range(6):
        shop.open(application="leaky").execute("select 'where is it?'")
    before = [shop.open(application="pool") for _ in range(6)]
    for connection in before:
        connection.execute("select 'here'")
    assert names(leak.suspected_leak, shop.look("monitor"), NOW) == ["info backend app@postgres (leaky)"]
    facts = watched(shop, lambda: shop.open(application="leaky").execute("select 'where is it?'"))
    (finding,) = findings(leak.suspected_leak, facts, NOW)
    assert (str(finding.severity), finding.evidence["session_count"], finding.evidence["growth_count"]) == ("warning", 7, 1)


def test_more_idle_than_ever_used(shop):
    for _ in range(20):
        shop.open(application="hoard")
    facts = shop.look("monitor", samples=2)
    (finding,) = findings(hoard.idle_hoard, facts, hoard.Options(idle_s=0))
    assert finding.subject.name == "app@postgres (hoard)"
    assert (finding.evidence["unused_count"], finding.evidence["peak_count"]) == (20, 0)
    assert names(hoard.idle_hoard, facts) == []


def test_clients_that_vanish_are_counted(shop):
    shop.admin.execute("create database crowd")
    for _ in range(20):
        connection = psycopg.connect(shop.server.conninfo("crowd", "app"))
        with socket.socket(fileno=connection.fileno()) as pipe:
            pipe.shutdown(socket.SHUT_RDWR)
            pipe.detach()
    wait_for(shop.admin, "select sessions_abandoned = 20 from pg_stat_database where datname = 'crowd'")
    (finding,) = findings(abandoned.abandoned_sessions, shop.look("monitor"))
    assert (finding.subject.name, finding.evidence["abandoned_count"]) == ("crowd", 20)
    shop.admin.execute("drop database crowd with (force)")
    assert names(abandoned.abandoned_sessions, shop.look("monitor")) == []


def test_a_slot_that_nobody_reads_holds_the_horizon(shop):
    shop.admin.execute("select pg_create_logical_replication_slot('old_sub', 'pgoutput')")
    facts = shop.look("monitor")
    assert names(horizon.xmin_horizon_held, facts) == []
    (finding,) = findings(horizon.xmin_horizon_held, facts, horizon.Options(warning_h=0))
    assert (finding.subject.kind, finding.subject.name) == ("replication slot", "old_sub")
    assert "rows of the system catalogs" in finding.message
    shop.admin.execute(finding.fixes[0].statements[0])
    assert names(horizon.xmin_horizon_held, shop.look("monitor"), horizon.Options(warning_h=0)) == []


def test_the_session_that_reads_for_longest_holds_the_horizon(shop):
    reader = shop.open(application="report", autocommit=False)
    reader.execute("set transaction isolation level repeatable read")
    reader.execute("select from orders")
    shop.open(application="harmless", autocommit=False).execute("select 1")
    facts = shop.look("monitor")
    assert names(horizon.xmin_horizon_held, facts, horizon.Options(warning_h=0, error_h=ONE_DAY_S)) == [
        "warning backend app@postgres (report)"
    ]


def test_connecting_is_measured_one_by_one(shop):
    shop.admin.execute("create role single login connection limit 3")
    own = session(shop, "single")
    (cost,) = measure(own, attempts=2)
    assert own.connection.closed
    assert (cost.attempts, cost.tcp_ms, cost.tls_ms) == (2, 0, 0)
    assert 0 < cost.query_ms < cost.kept_ms
    assert 0 < cost.login_ms == cost.connect_ms
    shop.admin.execute("drop role single")


def test_a_connection_that_is_refused_meanwhile_is_not_measured(shop):
    own = session(shop, "app")
    shop.admin.execute("alter role app nologin")
    found = measure(own)
    shop.admin.execute("alter role app login")
    assert isinstance(found, Missing) and "not permitted to log in" in found.reason


def test_a_pooler_is_told_from_a_server(shop, relay):
    own = session(shop, host="127.0.0.1", port=relay.port, sslmode="disable")
    facts = sample(own, samples=1)
    (cost,) = measure(own, attempts=1)
    assert facts[ClientPath] == (ClientPath(is_pooled=True, is_local=False, is_encrypted=False, cores=None),)
    assert len(unknowns(connection_churn, facts)) == 1
    assert "the pooler's clients" in about_connections(facts)[0]
    assert isinstance(cost, ConnectCost) and cost.tcp_ms > 0
    direct = shop.look("monitor")
    assert not direct[ClientPath][0].is_pooled and direct[ClientPath][0].is_local
    assert about_connections(direct) == ()
