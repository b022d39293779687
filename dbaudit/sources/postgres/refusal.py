"""Asks a server once more why it refuses us, for the SQLSTATE that libpq keeps to itself.

libpq gives the text of a refused connection and no code, and the text is in the server's language. The protocol
message has the code, and libpq's trace shows the message (libpq's documentation, PQtrace).
"""

from __future__ import annotations

import os
import re
import select
import time

import psycopg
from psycopg import pq

TOO_MANY_CONNECTIONS = "53300"
_CODE = re.compile(rb'\tErrorResponse\t.* C "([0-9A-Z]{5})"')
_TIMEOUT_S = 10

# libpq puts the server's word for FATAL, a colon and two spaces before the server's text, and before none of its own.
_FROM_SERVER = re.compile(r": [^\s:]+:  \S")
_IN_ENGLISH = re.compile(
    r"authentication failed|no password supplied|no pg_hba.conf entry|pg_hba.conf rejects|does not exist"
    r"|not permitted to log in|permission denied|the database system is|not currently accepting"
)


def is_unclear(message: str) -> bool:
    """Whether a refusal, as libpq words it, is the server's and may mean anything: it is in no English that we know."""
    return bool(_FROM_SERVER.search(message)) and not _IN_ENGLISH.search(message)


def sqlstate(conninfo: str) -> str:
    """The SQLSTATE with which the server refuses this connection, or '' where it cannot be told.

    A connection that is let in after all is closed at once. The trace holds what was sent too: it stays in memory.
    """
    if not hasattr(os, "memfd_create"):
        return ""
    trace = os.memfd_create("dbaudit")
    connection = pq.PGconn.connect_start(conninfo.encode())
    try:
        connection.trace(trace)
        _settle(connection)
        connection.untrace()
        return _code(trace)
    except (psycopg.Error, OSError, ValueError):
        return ""
    finally:
        connection.finish()
        os.close(trace)


def _settle(connection: pq.abc.PGconn) -> None:
    """Takes the connection as far as it goes, until it is open, has failed, or has taken too long."""
    deadline = time.monotonic() + _TIMEOUT_S
    polled = pq.PollingStatus.WRITING
    while polled in (pq.PollingStatus.READING, pq.PollingStatus.WRITING) and time.monotonic() < deadline:
        socket = [connection.socket]
        reads, writes = (socket, []) if polled == pq.PollingStatus.READING else ([], socket)
        select.select(reads, writes, [], max(0.0, deadline - time.monotonic()))
        polled = connection.connect_poll()


def _code(trace: int) -> str:
    os.lseek(trace, 0, os.SEEK_SET)
    found = None
    while chunk := os.read(trace, 1 << 20):
        found = _CODE.search(chunk) or found
    return found[1].decode() if found else ""
