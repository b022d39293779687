"""Everything an audit sends goes through here: short read-only transactions with timeouts, always rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg

from dbaudit.errors import AuditError, ServerGone
from dbaudit.facts.server import Server
from dbaudit.sources.postgres.pipeline import Message, query

LOCK_TIMEOUT_MS = 500
CATALOG_TIMEOUT_MS = 60_000
OLDEST_MAJOR = 14

# Not the database's default isolation: a serializable reader can make other transactions fail.
_BEGIN = "begin isolation level read committed read only"
_BEGIN_SNAPSHOT = "begin isolation level repeatable read read only"


class Session:
    """One connection and the guards that every transaction on it starts with.

    Each statement is one message of the extended protocol, so that a text cannot carry a second statement. Nothing is
    set for the session: a pooler may hand the server connection to somebody else. `lost` is how the server went away,
    or empty while it has not.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.major = connection.info.server_version // 10000
        if self.major < OLDEST_MAJOR:
            raise AuditError(
                f"the server is PostgreSQL {self.major}; dbaudit reads {OLDEST_MAJOR} and later",
                "upgrade: the major is out of support",
            )
        self._guards = _guards(self.major, watch_client=True)
        self._server: Server | None = None
        self.lost = ""

    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = self._read_server()
        return self._server

    @contextmanager
    def transaction(
        self, timeout_ms: int = CATALOG_TIMEOUT_MS, *, is_one_moment: bool = False
    ) -> Iterator[psycopg.Cursor]:
        """A read-only transaction with statement, lock and idle timeouts, rolled back however it ends.

        With `is_one_moment` every statement of it sees the database as the first one did. Raises ServerGone where the connection is lost; every other psycopg.Error passes through.
        """
        with self.losing_the_server(), self.connection.cursor(binary=False) as cursor:
            try:
                self._begin(cursor, timeout_ms, _BEGIN_SNAPSHOT if is_one_moment else _BEGIN)
                yield cursor
            finally:
                if not self.connection.closed:
                    self.connection.execute("rollback", binary=True)

    def rows(self, query: str, parameters: Sequence[Any] = (), timeout_ms: int = CATALOG_TIMEOUT_MS) -> list[tuple]:
        """All rows of one query of ours, in a transaction of its own."""
        with self.transaction(timeout_ms) as cursor:
            return cursor.execute(query, parameters or None, binary=True).fetchall()

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def losing_the_server(self) -> Iterator[None]:
        """Turns the loss of the connection into ServerGone."""
        try:
            yield
        except psycopg.Error as error:
            if not self.connection.closed:
                raise
            message = " ".join(str(error).split())
            self.lost = self.lost or f"the server went away: {message}"
            raise ServerGone(self.lost) from None

    def opening(self, timeout_ms: int) -> list[Message]:
        """What a transaction starts with, as the first messages of a batch: BEGIN and the guards."""
        return [query(_BEGIN), query(self._guards, self._timeouts(timeout_ms))]

    def _begin(self, cursor: psycopg.Cursor, timeout_ms: int, begin: str) -> None:
        timeouts = self._timeouts(timeout_ms)
        cursor.execute(begin, binary=True)
        try:
            cursor.execute(self._guards, timeouts, binary=True)
        except psycopg.errors.InvalidParameterValue:
            # A server on a system without POLLRDHUP cannot watch for a client that died.
            self._guards = _guards(self.major, watch_client=False)
            cursor.execute("rollback", binary=True)
            cursor.execute(begin, binary=True)
            cursor.execute(self._guards, timeouts, binary=True)

    def _timeouts(self, timeout_ms: int) -> list[str]:
        # A statement is planned and then run in one transaction, each within the timeout.
        whole = [str(2 * timeout_ms + 20_000)] if self.major >= 17 else []
        return [str(timeout_ms), str(LOCK_TIMEOUT_MS), str(timeout_ms + 10_000), *whole]

    def _read_server(self) -> Server:
        name = "server_16.sql" if self.major >= 16 else "server.sql"
        text = files(__package__).joinpath("queries", name).read_text("utf-8")
        info = self.connection.info
        version_num, version, database, user, is_superuser, reads_all, in_recovery, uptime_s, age_s = self.rows(text)[0]
        return Server(
            version_num=version_num,
            version=version,
            database=database,
            user=user,
            host=info.host,
            port=info.port,
            is_superuser=is_superuser,
            reads_all_statistics=reads_all,
            in_recovery=in_recovery,
            uptime_s=uptime_s,
            statistics_age_s=age_s,
        )


def _guards(major: int, *, watch_client: bool) -> str:
    settings = [
        ("statement_timeout", "$1"),
        ("lock_timeout", "$2"),
        ("idle_in_transaction_session_timeout", "$3"),
        ("standard_conforming_strings", "'on'"),
    ]
    if major >= 17:
        settings.append(("transaction_timeout", "$4"))
    if watch_client:
        settings.append(("client_connection_check_interval", "'1s'"))
    return "select " + ", ".join(f"pg_catalog.set_config('{name}', {value}, true)" for name, value in settings)
