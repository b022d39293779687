"""Measures what a new connection costs from here, against a transaction on one that is kept.

libpq's own steps are the clock: its status says how far a connection has come (libpq's documentation, PQconnectPoll).
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from importlib.resources import files
from statistics import median

import psycopg
from psycopg import conninfo, pq

from dbaudit.errors import AuditError
from dbaudit.facts import Missing
from dbaudit.facts.sessions import ConnectCost
from dbaudit.sources.postgres.session import Session

_TIMEOUT_S = 10
_WARM_UPS, _KEPT = 3, 15
_ATTEMPTS = 5
_TCP = (pq.ConnStatus.STARTED,)
_TLS = (pq.ConnStatus.SSL_STARTUP,)


def measure(session: Session, attempts: int = _ATTEMPTS) -> tuple[ConnectCost] | Missing:
    """The cost of new connections to where the session is connected, or why it could not be told.

    The session is closed before the first of them is made, and each of them before the next: there is never more than
    one. Raises nothing but KeyboardInterrupt.
    """
    try:
        where = _where(session.connection)
        query = (files(__package__) / "queries" / "connect_cost.sql").read_text("utf-8")
        kept = [_transaction(session, query) for _ in range(_WARM_UPS + _KEPT)][_WARM_UPS:]
        session.close()
        new = [_attempt(where, query) for _ in range(attempts)]
    except (psycopg.Error, AuditError) as error:
        return Missing(reason=f"a new connection could not be measured: {' '.join(str(error).split())}")
    tcp, tls, login, first = (median(each) * 1000 for each in zip(*new))
    whole, alone = (median(each) * 1000 for each in zip(*kept))
    return (
        ConnectCost(
            attempts=attempts, tcp_ms=tcp, tls_ms=tls, login_ms=login, first_ms=first, kept_ms=whole, query_ms=alone
        ),
    )


def _where(connection: psycopg.Connection) -> bytes:
    """A connection string for the very same place, as the same role, with the password that is known by now."""
    info = connection.info
    parameters = info.get_parameters() | {"host": info.host, "hostaddr": info.hostaddr, "port": str(info.port)}
    parameters |= {"password": info.password} if info.password else {}
    return conninfo.make_conninfo(**{name: value for name, value in parameters.items() if value}).encode()


def _transaction(session: Session, query: str) -> tuple[float, float]:
    """Seconds that a short guarded transaction took, and the query within it."""
    started = time.perf_counter()
    with session.transaction() as cursor:
        asked = time.perf_counter()
        cursor.execute(query, binary=True).fetchall()
        answered = time.perf_counter()
    return time.perf_counter() - started, answered - asked


def _attempt(where: bytes, query: str) -> tuple[float, float, float, float]:
    """Seconds for TCP, TLS, login and the first transaction of one new connection, which is closed again."""
    spent = {"tcp": 0.0, "tls": 0.0, "login": 0.0}
    before = time.perf_counter()
    pgconn = pq.PGconn.connect_start(where)
    try:
        for step in _steps(pgconn):
            now = time.perf_counter()
            spent[step] += now - before
            before = now
        if pgconn.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError(pgconn.get_error_message())
        # What a local socket and a server without TLS have none of is part of the login.
        for step, is_there in (("tcp", pgconn.hostaddr), ("tls", pgconn.ssl_in_use)):
            if not is_there:
                spent["login"] += spent[step]
                spent[step] = 0.0
        pgconn.nonblocking = 1
        connection = psycopg.Connection(pgconn)
        connection.autocommit = True
        connection.prepare_threshold = None
        connection.cursor_factory = psycopg.RawCursor
        first, _ = _transaction(Session(connection), query)
    finally:
        pgconn.finish()
    return spent["tcp"], spent["tls"], spent["login"], first


def _steps(pgconn: pq.abc.PGconn) -> Iterator[str]:
    """Takes the connection on until it is open or has failed; after each step, which part it belonged to."""
    deadline = time.monotonic() + _TIMEOUT_S
    polled = pq.PollingStatus.WRITING
    while polled in (pq.PollingStatus.READING, pq.PollingStatus.WRITING):
        status = pgconn.status
        is_reading = polled == pq.PollingStatus.READING
        ready = select.select(
            [pgconn.socket] if is_reading else [], [] if is_reading else [pgconn.socket], [],
            max(0.0, deadline - time.monotonic()),
        )  # fmt: skip
        if not any(ready):
            raise psycopg.OperationalError(f"it took more than {_TIMEOUT_S} s")
        polled = pgconn.connect_poll()
        yield "tcp" if status in _TCP else "tls" if status in _TLS else "login"
