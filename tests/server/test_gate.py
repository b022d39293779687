"""The gate lets nothing through that acts: not as a superuser, not as the owner, not as pg_monitor."""

import psycopg
import pytest
from hostile import BEHIND_A_POLICY, HARMLESS, MONITOR, OWNER, ROLES, STATEMENTS, TRAPS, state
from waiting import wait_for

from dbaudit.facts.statement import How, Statement
from dbaudit.finding import Span
from dbaudit.sources.postgres.explain import Gate


def statement(text: str) -> Statement:
    span = Span(path="hostile.sql", line=1, column=1, end_line=1, end_column=1)
    return Statement(name="", text=text, span=span, identity=text)


def gated(session, texts, **options) -> dict:
    gate = Gate(session, **{"analyze": True, "timeout_ms": 5_000, **options})
    return {text: gate.explain(statement(text)) for text in texts}


@pytest.fixture
def trapped(database):
    database.run(ROLES)
    database.run(f"grant create on database {database.name} to {OWNER}", f"set role {OWNER}", TRAPS, "reset role")
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
    through = [text for text, explained in results.items() if explained.how in (How.ANALYZED, How.TIMED_OUT)]
    assert through == []


def test_what_is_harmless_is_run(trapped):
    results = gated(trapped.session(OWNER), HARMLESS)
    assert {text: explained.reason for text, explained in results.items() if explained.how is not How.ANALYZED} == {}
