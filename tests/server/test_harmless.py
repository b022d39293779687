"""A whole audit leaves nothing behind: no WAL, no transaction id, no catalog row, no setting, no lock, no reset."""

from __future__ import annotations

import psycopg
import pytest
from hostile import BEHIND_A_POLICY, HARMLESS, MONITOR, STATEMENTS, set_traps
from psycopg import sql
from waiting import wait_for

from dbaudit.facts import Missing
from dbaudit.facts.catalog import ForeignKey, Index, Table
from dbaudit.facts.statement import Explained, How
from dbaudit.sources.postgres.activity import sample
from dbaudit.sources.postgres.collect import collect
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.snapshot import take
from dbaudit.sources.sqlfile import split

QUERIES = "\n;\n".join((*HARMLESS, *STATEMENTS[:20], *BEHIND_A_POLICY, "select * from traps.t where id = $1"))


def audit(session: Session) -> None:
    """Everything that the commands ask a server."""
    catalog = collect(session, (Table, Index, ForeignKey))
    assert not any(isinstance(rows, Missing) for rows in catalog.rows.values())
    activity = sample(session, samples=2, seconds=0.01)
    assert not any(isinstance(rows, Missing) for rows in activity.rows.values())
    assert take(session, redact=True).objects
    explained = explained_facts(session, split(QUERIES, "queries.sql"))[Explained]
    assert sum(each.how is How.ANALYZED for each in explained) >= len(HARMLESS)


@pytest.fixture
def settled(database):
    """A database in which nothing is left to be cleaned up, hinted or flushed."""
    set_traps(database)
    database.run("alter table traps.secret no force row level security", "select pg_stat_reset()", "vacuum (freeze)")
    wait_for(database.admin, "select stats_reset is not null from pg_stat_database where datname = current_database()")
    database.run("checkpoint")
    return database


@pytest.mark.parametrize("user", ["postgres", MONITOR])
def test_an_audit_leaves_nothing_behind(settled, user):
    session = settled.session(user)
    # The server loads PL/pgSQL, and with it its settings, when a backend first meets it.
    session.connection.execute("do 'begin end'")
    own_settings = session.connection.execute("select name, setting from pg_settings order by 1").fetchall()
    before = everything(settled.admin)
    audit(session)
    assert everything(settled.admin) == before
    assert session.connection.execute("select name, setting from pg_settings order by 1").fetchall() == own_settings
    for view in ("pg_prepared_statements", "pg_cursors", "pg_listening_channels()"):
        assert session.connection.execute(f"select count(*) from {view}").fetchone() == (0,)
    pid = session.connection.info.backend_pid
    held = settled.admin.execute("select * from pg_locks where pid = %s and locktype <> 'virtualxid'", [pid])
    assert held.fetchall() == []


@pytest.mark.parametrize("user", ["postgres", MONITOR])
def test_an_audit_writes_no_wal(settled, user):
    session = settled.session(user)
    assert any(wal_written(settled.admin, session) == 0 for _ in range(5))


def wal_written(admin: psycopg.Connection, session: Session) -> int:
    """Bytes of WAL while an audit ran; the server's own processes write some now and then, whoever asks."""
    position = "select pg_current_wal_insert_lsn()"
    before = admin.execute(position).fetchone()[0]
    audit(session)
    return admin.execute("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [before]).fetchone()[0]


def everything(admin: psycopg.Connection) -> dict[str, object]:
    """All that an audit could have changed, by what it is called."""
    queries = {
        "settings": "select name, setting, source from pg_settings order by name",
        "transaction ids": "select pg_snapshot_xmax(pg_current_snapshot())::text",
        "statistics of the database": "select stats_reset from pg_stat_database where datname = current_database()",
        "statistics of the writer": "select stats_reset from pg_stat_bgwriter",
        "statistics of WAL": "select stats_reset from pg_stat_wal",
        "statistics of the archiver": "select stats_reset from pg_stat_archiver",
        "statistics of caches": "select name, stats_reset from pg_stat_slru order by name",
        "prepared transactions": "select gid from pg_prepared_xacts",
        "replication slots": "select slot_name from pg_replication_slots",
        "tables": "select * from traps.t order by id",
        "sequences": "select last_value, is_called from traps.s",
        "advisory locks": "select objid from pg_locks where locktype = 'advisory'",
    }
    found: dict[str, object] = {name: admin.execute(query).fetchall() for name, query in queries.items()}
    catalogs = "select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'"
    for (catalog,) in admin.execute(catalogs).fetchall():
        digest = sql.SQL("select md5(string_agg(c::text, ' ' order by c::text)) from pg_catalog.{} as c")
        found[catalog] = admin.execute(digest.format(sql.Identifier(catalog))).fetchone()
    return found
