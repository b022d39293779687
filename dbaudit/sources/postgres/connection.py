"""Opens the one connection of an audit, in libpq's own vocabulary."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import conninfo

from dbaudit import __version__
from dbaudit.errors import AuditError, ConnectionFailed, ServerFull
from dbaudit.sources.postgres.refusal import TOO_MANY_CONNECTIONS, is_unclear, sqlstate

# The texts of a full server, PostgreSQL 14 to 18: libpq does not pass on the SQLSTATE of a connection that fails.
_FULL = re.compile(
    r"too many clients already"
    r"|remaining connection slots are reserved"
    r"|too many connections for (database|role)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to connect to, as the user said it; what is None is left to libpq's environment, service and password file."""

    conninfo: str = ""
    host: str | None = None
    port: int | None = None
    user: str | None = None
    dbname: str | None = None


def connect(address: Address, *, password: str | None = None, connect_timeout_s: int = 10) -> psycopg.Connection:
    """A connection in autocommit that never prepares on its own and speaks native `$1` placeholders.

    Raises ServerFull where every slot is taken, ConnectionFailed for every other refusal, and AuditError for a
    connection string that cannot be read. No message carries a password.
    """
    try:
        parameters = _parameters(address)
        parameters.setdefault("connect_timeout", str(connect_timeout_s))
        if password is not None:
            parameters["password"] = password
        connection = psycopg.connect(
            **parameters, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.RawCursor
        )
    except psycopg.OperationalError as error:
        message = _one_line(str(error))
        if _FULL.search(message) or _is_full(str(error), parameters):
            raise ServerFull(message) from None
        raise ConnectionFailed(message) from None
    except psycopg.ProgrammingError as error:
        raise _unreadable(error) from None
    return connection


def _is_full(message: str, parameters: Mapping[str, str]) -> bool:
    """Whether a server that does not speak English to us is full. It is asked once more, for the code."""
    return is_unclear(message) and sqlstate(conninfo.make_conninfo(**parameters)) == TOO_MANY_CONNECTIONS


def asks_for_password(error: ConnectionFailed) -> bool:
    """Whether the server wanted a password and got none, so that a prompt would help."""
    return "no password supplied" in str(error)


def _parameters(address: Address) -> dict[str, str]:
    text = address.conninfo
    given = conninfo.conninfo_to_dict(_plain_uri(text)) if _is_conninfo(text) else {"dbname": text} if text else {}
    own = {"host": address.host, "port": address.port, "user": address.user}
    parameters = {**given, **{key: str(value) for key, value in own.items() if value is not None}}
    if address.dbname is not None:
        dbname = address.dbname
        parameters |= conninfo.conninfo_to_dict(_plain_uri(dbname)) if _is_conninfo(dbname) else {"dbname": dbname}
    if "@" in parameters.get("host", "") and not parameters["host"].startswith("@"):
        raise AuditError("the host has an @ in it: in a URI, write an @ of the password as %40")
    parameters.setdefault("application_name", f"dbaudit/{__version__}")
    parameters.setdefault("client_encoding", "UTF8")
    return parameters


def _unreadable(error: psycopg.ProgrammingError) -> AuditError:
    """libpq quotes the part it could not read, and that may be a password."""
    reason = re.sub(r'"[^"]*"', '"…"', _one_line(str(error)))
    return AuditError(f"the connection string cannot be read: {reason}", "postgresql://user@host:5432/dbname")


def _is_conninfo(text: str) -> bool:
    return "://" in text or "=" in text


def _plain_uri(text: str) -> str:
    """Frameworks write postgresql+driver://; libpq does not read that."""
    return re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", text)


def from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """DATABASE_URL, or empty. libpq's own variables win over it: libpq reads them itself."""
    named = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT", "PGUSER")
    return "" if any(environment.get(name) for name in named) else environment.get("DATABASE_URL", "")


def _one_line(message: str) -> str:
    return " ".join(message.split())
