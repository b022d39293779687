"""Problems planted with real sessions on real servers, and healthy neighbors that must stay quiet."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.checks.connection import blocked_sessions as blocked
from dbaudit.checks.connection import idle_in_transaction as idle
from dbaudit.checks.connection import long_running_transaction as long
from dbaudit.checks.connection import unbounded_sessions as unbounded
from dbaudit.checks.connection.connection_saturation import connection_saturation
from dbaudit.facts.activity import Backend, PreparedTransaction, SessionTimeout, Slots
from dbaudit.finding import Finding, Severity, Unknown
from dbaudit.lab.server import start
from dbaudit.report import slots
from dbaudit.sources.postgres.activity import sample
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

AT_ONCE = idle.Options(info_s=0, warning_s=3600, error_s=7200, blocking_s=0)
HOSTILE = "\x1b[31m[bold]evil[/]\n' \"" + "x" * 40


class Shop:
    """A server of our own with twelve slots, and sessions on it that stay as a test leaves them."""

    def __init__(self, server) -> None:
        self.server = server
        self.opened: list[psycopg.Connection] = []
        self.threads: list[threading.Thread] = []
        self.admin = self.open("postgres", "admin")
        for statement in (
            "create table orders (id int primary key, paid bool)",
            "insert into orders select generate_series(1, 9)",
            'create role app login', 'create role "Batch 2" login', "create role bare login",
            "create role monitor login in role pg_monitor",
            'grant all on orders to app, "Batch 2"',
        ):
            self.admin.execute(statement)

    def open(self, user: str = "app", application: str = "", autocommit: bool = True) -> psycopg.Connection:
        conninfo = self.server.conninfo(user=user)
        self.opened.append(psycopg.connect(conninfo, autocommit=autocommit, application_name=application))
        return self.opened[-1]

    def wait_in(self, connection: psycopg.Connection, statement: str) -> None:
        """Sends a statement that will wait for a lock, and returns once it does."""

        def run() -> None:
            try:
                connection.execute(statement)
            except psycopg.Error:
                pass

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        query = "select from pg_locks where not granted and pid = %s"
        while not self.admin.execute(query, [connection.info.backend_pid]).fetchall():
            assert self.threads[-1].is_alive()

    def look(self, user: str = "postgres", samples: int = 1):
        session = Session(connect(Address(conninfo=self.server.conninfo(user=user))))
        try:
            return sample(session, samples=samples, seconds=0.02)
        finally:
            session.close()

    def clear(self) -> None:
        """Ends every session but the administrator's, and finishes what was prepared."""
        gone = "select pg_terminate_backend(pid) from pg_stat_activity where datname is not null and pid <> pg_backend_pid()"
        alive = gone.replace("select pg_terminate_backend(pid)", "select")
        self.admin.execute(gone)
        while self.admin.execute(alive).fetchall():
            pass
        for thread in self.threads:
            thread.join()
        for connection in self.opened[1:]:
            connection.close()
        for (gid,) in self.admin.execute("select gid from pg_prepared_xacts").fetchall():
            self.admin.execute(f"rollback prepared '{gid}'")
        del self.opened[1:], self.threads[:]


@pytest.fixture(scope="module", params=MAJORS, ids=lambda major: f"pg{major}")
def server(request):
    with start(bin_directory(request.param), {"max_connections": "12", "max_prepared_transactions": "2"}) as running:
        shop = Shop(running)
        yield shop
        shop.admin.close()


@pytest.fixture
def shop(server):
    yield server
    server.clear()


def findings(check, facts, options=None) -> list[Finding]:
    return [verdict for verdict in check.verdicts(facts, options) if isinstance(verdict, Finding)]


def names(check, facts, options=None) -> list[str]:
    return [f"{one.severity} {one.subject.kind} {one.subject.name}" for one in findings(check, facts, options)]


def unknowns(check, facts, options=None) -> list[str]:
    return [verdict.reason for verdict in check.verdicts(facts, options) if isinstance(verdict, Unknown)]


def test_a_calm_server_has_nothing_to_say(shop):
    shop.open(application="web").execute("select 1")
    facts = shop.look(samples=3)
    for check in (connection_saturation, idle.idle_in_transaction, long.long_running_transaction, blocked.blocked_sessions):
        assert list(check.verdicts(facts)) == []
    assert facts[Slots][0].samples == (3, 3, 3)
    assert (facts[Slots][0].usable, facts[Slots][0].free) == (9, 6)


@pytest.mark.parametrize("user", ["postgres", "monitor", "bare"])
def test_the_slots_are_counted_for_whoever_looks(shop, user):
    for _ in range(6):
        shop.open(application="web")
    facts = shop.look(user, samples=2)
    assert facts[Slots][0].samples == (8, 8)
    assert facts[Slots][0].masked == (7 if user == "bare" else 0)
    assert names(connection_saturation, facts) == ["error server max_connections"]
    assert "web · app" in findings(connection_saturation, facts)[0].message


def test_an_idle_transaction_is_found_with_what_it_holds(shop):
    reader = shop.open(application="reader", autocommit=False)
    reader.execute("select from orders")
    writer = shop.open("Batch 2", "writer", autocommit=False)
    writer.execute("update orders set paid = true where id = 1")
    broken = shop.open(application="broken", autocommit=False)
    with pytest.raises(psycopg.errors.DivisionByZero):
        broken.execute("select 1/0")
    facts = shop.look("monitor")
    messages = {one.subject.name: one.message for one in findings(idle.idle_in_transaction, facts, AT_ONCE)}
    assert messages.keys() == {"app@postgres (reader)", '"Batch 2"@postgres (writer)', "app@postgres (broken)"}
    assert messages["app@postgres (reader)"].endswith("holds AccessShareLock on public.orders")
    assert "RowExclusiveLock on public.orders and a transaction id" in messages['"Batch 2"@postgres (writer)']
    assert "an aborted transaction" in messages["app@postgres (broken)"]
    assert messages["app@postgres (broken)"].endswith("holds nothing but its connection slot")


def test_the_fix_for_an_idle_transaction_is_exact_and_so_is_its_undo(shop):
    shop.admin.execute("""alter role "Batch 2" set idle_in_transaction_session_timeout = '10min'""")
    shop.open("Batch 2", autocommit=False).execute("select 1")
    (finding,) = findings(idle.idle_in_transaction, shop.look(), AT_ONCE)
    before = timeouts(shop)
    for statement in finding.fixes[0].statements:
        shop.admin.execute(statement)
    assert [row for row in timeouts(shop) if row not in before] == [
        ("idle_in_transaction_session_timeout", '"Batch 2"', 60_000)
    ]
    for statement in finding.fixes[0].undo:
        shop.admin.execute(statement)
    assert timeouts(shop) == before
    shop.admin.execute('alter role "Batch 2" reset all')


def timeouts(shop) -> list[tuple]:
    return [(row.name, row.role, row.value_ms) for row in shop.look()[SessionTimeout]]


def test_a_chain_of_three_has_one_root(shop):
    shop.open(application="root", autocommit=False).execute("select from orders")
    shop.wait_in(shop.open("postgres", "migration"), "alter table orders add column note text")
    shop.wait_in(shop.open(application="web", autocommit=False), "update orders set paid = false where id = 2")
    shop.wait_in(shop.open(application="web"), "select from orders")
    facts = shop.look("monitor")
    (finding,) = findings(blocked.blocked_sessions, facts, blocked.Options(info_s=0))
    assert finding.subject.name == "app@postgres (root)"
    assert finding.evidence["waiting_count"] == 3
    assert finding.evidence["depth_count"] >= 2
    root, migration, *behind = re.sub(r" [0-9]+ m?s", " …", finding.evidence["tree"]).splitlines()
    assert root == (
        "app@postgres (root), idle in a transaction for …, holds AccessShareLock on public.orders; "
        "its last statement: select from orders"
    )
    assert migration == "└ postgres@postgres (migration) has waited … for AccessExclusiveLock on public.orders"
    assert len(behind) == 2 and all(line.startswith("  └ app@postgres (web) has waited …") for line in behind)
    assert finding.message.endswith("postgres@postgres (migration) waits for AccessExclusiveLock on public.orders")
    assert finding.fixes[0].applicability == "manual"
    assert names(idle.idle_in_transaction, facts, AT_ONCE) == ["warning backend app@postgres (root)"]


def test_rows_are_waited_for_in_a_queue(shop):
    shop.open(application="root", autocommit=False).execute("update orders set paid = true where id = 3")
    for application in ("first", "second", "third"):
        shop.wait_in(shop.open(application=application), "update orders set paid = true where id = 3")
    (finding,) = findings(blocked.blocked_sessions, shop.look(), blocked.Options(info_s=0))
    assert finding.subject.name == "app@postgres (root)"
    assert finding.evidence["waiting_count"] == 3
    assert finding.evidence["tree"].count("a row of public.orders") == 3


def test_a_prepared_transaction_blocks_without_a_session(shop):
    preparing = shop.open(application="two-phase", autocommit=False)
    preparing.execute("update orders set paid = true where id = 4")
    preparing.execute("prepare transaction 'it''s me'")
    preparing.close()
    shop.wait_in(shop.open(application="web"), "update orders set paid = false where id = 4")
    facts = shop.look("bare")
    (finding,) = findings(blocked.blocked_sessions, facts, blocked.Options(info_s=0))
    assert (finding.subject.kind, finding.subject.name) == ("prepared transaction", "app@postgres")
    assert names(long.long_running_transaction, facts, long.Options(warning_s=0))[-1:] == [
        "warning prepared transaction app@postgres"
    ]
    shop.admin.execute(finding.fixes[0].statements[0])
    assert shop.look()[PreparedTransaction] == ()


def test_a_running_transaction_is_told_from_an_idle_one(shop):
    shop.open(application="forgotten", autocommit=False).execute("select from orders")
    thread = threading.Thread(target=sleep_in, args=(shop.open(application="busy"),))
    shop.threads.append(thread)
    thread.start()
    while not shop.admin.execute("select from pg_stat_activity where wait_event = 'PgSleep'").fetchall():
        pass
    options = long.Options(warning_s=0, error_s=3600, idle_s=0)
    assert names(long.long_running_transaction, shop.look(), options) == ["warning backend app@postgres (busy)"]


def sleep_in(connection: psycopg.Connection) -> None:
    try:
        connection.execute("select pg_sleep(600)")
    except psycopg.Error:
        pass


def test_masked_sessions_are_unknown_and_never_fine(shop):
    shop.open(application="forgotten", autocommit=False).execute("select from orders")
    shop.open("bare", "visible", autocommit=False).execute("select 1")
    facts = shop.look("bare")
    assert unknowns(idle.idle_in_transaction, facts) == ["2 of 4 sessions belong to other roles and are masked"]
    assert unknowns(long.long_running_transaction, facts) == ["2 of 4 sessions belong to other roles and are masked"]
    assert names(idle.idle_in_transaction, facts, AT_ONCE) == ["info backend bare@postgres (visible)"]
    assert any("masked" in line for line in slots.lines(facts, 80))


def test_roles_without_timeouts_are_one_finding_until_they_have_them(shop):
    shop.open(application="web")
    shop.open("Batch 2", "batch")
    shop.open("monitor", "psql")
    (finding,) = findings(unbounded.unbounded_sessions, shop.look())
    assert (finding.severity, finding.subject.kind) == (Severity.INFO, "server")
    assert finding.evidence["session_count"] == 2
    for statement in finding.fixes[0].statements:
        shop.admin.execute(statement)
    for user in ("postgres", "bare"):
        assert list(unbounded.unbounded_sessions.verdicts(shop.look(user))) == []
    for statement in finding.fixes[0].undo:
        shop.admin.execute(statement)
    assert [one.fingerprint for one in findings(unbounded.unbounded_sessions, shop.look())] == [finding.fingerprint]


def test_a_default_that_our_own_setting_hides_is_unknown(shop):
    shop.open(application="web")
    shop.admin.execute("alter role monitor set statement_timeout = '5s'")
    assert len(unknowns(unbounded.unbounded_sessions, shop.look("monitor"))) == 1
    shop.admin.execute("alter role monitor reset all")


def test_a_hostile_name_stays_raw_in_the_facts_and_harmless_in_the_picture(shop):
    hostile = shop.open(application=HOSTILE, autocommit=False)
    hostile.execute("select '\x1b[2J' /* [red] */ -- \n")
    facts = shop.look("monitor")
    (backend,) = [one for one in facts[Backend] if one.is_idle_in_transaction]
    assert "\x1b[2J" in backend.statement and "[bold]evil" in backend.application
    for width in (60, 80, 160):
        picture = slots.lines(facts, width)
        assert all(len(line) <= width and line.isprintable() for line in picture)


def test_the_picture_and_its_json_add_up(shop):
    for application in ("web", "web", "worker"):
        shop.open(application=application)
    shop.open(application="web", autocommit=False).execute("select 1")
    facts = shop.look("monitor")
    shown = slots.as_json(facts)
    assert (shown["used"], shown["usable"], shown["free"]) == (6, 9, 3)
    assert sum(shown["states"].values()) == sum(group["count"] for group in shown["groups"]) == 6
    assert shown["groups"][0]["states"] == {"idle in transaction": 1, "idle": 2}
    sentence, bar = slots.lines(facts, 80)[:2]
    assert "6 used (66 % of 9)" in sentence and "3 free" in sentence and "3 reserved" in sentence
    assert (bar.count("█"), bar.count("·"), bar.count("▒")) == (39, 20, 19)


def test_a_server_that_goes_away_between_two_looks_leaves_what_was_seen(shop):
    session = Session(connect(Address(conninfo=shop.server.conninfo(user="monitor"))))
    ended = losing_the_server_after_a_look(session, lambda: shop.admin.execute(
        "select pg_terminate_backend(%s)", [session.connection.info.backend_pid]
    ))
    facts = sample(ended, samples=2, seconds=0.02)
    assert session.connection.closed
    assert "went away" in facts.missing(Backend).reason
    assert facts.missing(SessionTimeout) is None


def losing_the_server_after_a_look(session: Session, end: Callable[[], object]) -> Session:
    """The session, made to lose its connection after the first count of the slots."""
    rows = session.rows

    def rows_and_end(query: str, *arguments):
        found = rows(query, *arguments)
        if "backend_type" in query:
            end()
        return found

    session.rows = rows_and_end
    return session


def test_a_look_leaves_no_transaction_open_between_samples(shop):
    session = Session(connect(Address(conninfo=shop.server.conninfo(user="monitor"))))
    sample(session, samples=2, seconds=0.02)
    states = shop.admin.execute("select state, xact_start from pg_stat_activity where usename = 'monitor'").fetchall()
    session.close()
    assert states == [("idle", None)]
