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

# The texts of a full server, PostgreSQL 14 to 18: postmaster and InitPostgres send no SQLSTATE that libpq passes on.
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
        if _FULL.search(message):
            raise ServerFull(message) from None
        raise ConnectionFailed(message) from None
    except psycopg.ProgrammingError as error:
        raise AuditError(f"the connection string cannot be read: {_one_line(str(error))}") from None
    return connection


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
    parameters.setdefault("application_name", f"dbaudit/{__version__}")
    parameters.setdefault("client_encoding", "UTF8")
    return parameters


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
