"""A server that is too full to let us in, in its own words on every major, and in a language we cannot read."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.checks.connection.connection_saturation import connection_saturation
from dbaudit.errors import ConnectionFailed, ServerFull
from dbaudit.lab.server import start
from dbaudit.sources.postgres.activity import refused
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.refusal import sqlstate


@pytest.fixture(params=MAJORS, ids=lambda major: f"pg{major}")
def small(request):
    """A server of its own with six slots for client backends, two of them reserved."""
    settings = {"max_connections": "6", "superuser_reserved_connections": "1" if request.param >= 16 else "2"}
    if request.param >= 16:
        settings["reserved_connections"] = "1"
    with start(bin_directory(request.param), settings) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            admin.execute("create role app login")
            admin.execute("create role single login connection limit 1")
            admin.execute("create database narrow connection limit 1")
            if request.param >= 16:
                admin.execute("create role favored login in role pg_use_reserved_connections")
        yield server


def fill(server, user: str, dbname: str = "postgres") -> tuple[list, ServerFull]:
    held = []
    while True:
        try:
            held.append(connect(Address(conninfo=server.conninfo(dbname, user))))
        except ServerFull as refusal:
            return held, refusal


def findings(refusal: ServerFull) -> list:
    return list(connection_saturation.verdicts(refused(refusal)))


def test_every_way_of_being_full_is_one_finding(small):
    for user, dbname, subject, wording in [
        ("single", "postgres", "single", "too many connections for role"),
        ("app", "narrow", "narrow", "too many connections for database"),
    ]:
        held, refusal = fill(small, user, dbname)
        for connection in held:
            connection.close()
        assert wording in str(refusal)
        assert [finding.subject.name for finding in findings(refusal)] == [subject]
        wait_until_gone(small)
    with contextlib.ExitStack() as stack:
        for user in ["app", *(["favored"] if has_role(small, "favored") else []), "postgres"]:
            held, refusal = fill(small, user)
            for connection in held:
                stack.callback(connection.close)
            expected = "too many clients" if user == "postgres" else "slots are reserved for"
            assert expected in str(refusal)
            assert [str(finding.severity) for finding in findings(refusal)] == ["error"]
        assert sqlstate(small.conninfo(user="app")) == "53300"


def has_role(server, name: str) -> bool:
    with psycopg.connect(server.conninfo()) as admin:
        return bool(admin.execute("select from pg_roles where rolname = %s", [name]).fetchall())


def wait_until_gone(server) -> None:
    query = "select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        while admin.execute(query).fetchall():
            pass


def refuse(listener: socket.socket, code: str, text: str) -> None:
    """Answers every connection as PostgreSQL does, with one error in German."""
    fields = "SFATAL\0", "VFATAL\0", f"C{code}\0", f"M{text}\0", "\0"
    body = "".join(fields).encode()
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.recv(4096)
            client.sendall(b"E" + struct.pack("!i", len(body) + 4) + body)


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        ("53300", "tut mir leid, schon zu viele Verbindungen", ServerFull),
        ("28P01", "Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen", ConnectionFailed),
    ],
)
def test_a_refusal_in_another_language_is_told_by_its_code(tmp_path, code, text, error):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ".s.PGSQL.5432"))
        listener.listen()
        answering = threading.Thread(target=refuse, args=(listener, code, text))
        answering.start()
        try:
            with pytest.raises(ConnectionFailed) as raised:
                connect(Address(conninfo=f"host={tmp_path} user=app dbname=shop gssencmode=disable"))
            assert type(raised.value) is error
            assert text in str(raised.value)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            answering.join()
