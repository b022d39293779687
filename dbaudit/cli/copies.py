"""From --prove-on to a copy that fixes are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from dbaudit.errors import AuditError, ConnectionFailed
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.prove_on import Copy, refuse_same_server
from dbaudit.sources.postgres.session import Session

TARGET = "target"


@contextmanager
def open_copy(named: str, audited: Session, timeout_ms: int) -> Iterator[Copy]:
    """The copy of this connection string, or the audited database itself where the word for it is given.

    Raises AuditError where the copy is the audited server unsaid, or cannot be reached or written to.
    """
    if named == TARGET:
        with closing(Copy(audited, timeout_ms=timeout_ms)) as copy:
            yield copy
        return
    if "=" not in named and "://" not in named:
        raise AuditError(f"--prove-on {named} is no connection string", "postgresql://user@host/copy, or target")
    try:
        session = Session(connect(Address(conninfo=named)))
    except ConnectionFailed as error:
        raise ConnectionFailed(f"--prove-on: {error}") from None
    try:
        refuse_same_server(audited, session)
        with closing(Copy(session, timeout_ms=timeout_ms)) as copy:
            yield copy
    finally:
        session.close()
