"""The guards of every transaction, on every major."""

import psycopg
import pytest


def test_the_guards_are_in_force_and_local(database):
    session = database.session()
    assert session.rows("select current_setting('lock_timeout'), current_setting('transaction_read_only')") == [("500ms", "on")]
    assert session.connection.execute("show lock_timeout").fetchall() == [("0",)]
    assert session.server.major == database.major


def test_a_text_cannot_carry_a_second_statement(database):
    session = database.session()
    with pytest.raises(psycopg.errors.SyntaxError):
        session.rows("select 1; commit; create table escaped (id int)")
    assert database.admin.execute("select to_regclass('escaped')").fetchone() == (None,)
