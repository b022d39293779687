"""From options to an open session, with what a person should be told about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dbaudit.cli.choices import Connection, Output
from dbaudit.cli.say import say
from dbaudit.errors import AuditError, ConnectionFailed
from dbaudit.sources.postgres.connection import Address, asks_for_password, connect, from_environment
from dbaudit.sources.postgres.session import Session

if TYPE_CHECKING:
    from dbaudit.cli.options import Saving


@contextmanager
def open_session(target: str | None, options: Connection, output: Output | Saving) -> Iterator[Session]:
    """A session on the database that the options name, closed in the end.

    Raises ConnectionFailed where there is no connection, ServerGone where it is lost at once.
    """
    address = _address(target, options, quiet=output.quiet)
    session = Session(_connect(address, may_ask=not options.no_password))
    try:
        if session.server.is_superuser and not output.quiet:
            say(f"warning: connected as superuser {session.server.user}; a role with pg_monitor is enough")
        yield session
    finally:
        session.close()


def without_server(target: str | None, connection: Connection) -> None:
    """Raises AuditError where a server is named beside a snapshot."""
    if target or connection.dbname or connection.host or connection.port or connection.username:
        raise AuditError("a snapshot is audited without a server: name one or the other")


def _address(target: str | None, options: Connection, *, quiet: bool) -> Address:
    named = target or options.dbname or options.host
    url = "" if named else from_environment()
    if url and not quiet:
        say("using DATABASE_URL")
    return Address(
        conninfo=target or url,
        host=options.host,
        port=options.port,
        user=options.username,
        dbname=options.dbname,
    )


def _connect(address: Address, *, may_ask: bool):
    try:
        return connect(address)
    except ConnectionFailed as error:
        if not (may_ask and asks_for_password(error) and sys.stdin.isatty() and sys.stderr.isatty()):
            raise
    import getpass

    return connect(address, password=getpass.getpass("Password: ", stream=sys.stderr))
