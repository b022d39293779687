"""Looks at a server's sessions several times over a short window, and sleeps only outside transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import psycopg

from dbaudit.errors import ServerFull, ServerGone
from dbaudit.facts import Facts, Missing
from dbaudit.facts.activity import (
    Backend,
    ConnectionLimit,
    Lock,
    PreparedTransaction,
    RefusedConnection,
    SessionTimeout,
    Slots,
)
from dbaudit.facts.server import Server
from dbaudit.sources.postgres.collect import missing, read_within
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.session_timeouts import session_timeouts

KINDS = (Backend, Lock, PreparedTransaction, Slots, ConnectionLimit, SessionTimeout, RefusedConnection)


@dataclass(frozen=True, slots=True)
class _Use:
    """How many sessions of each role in each database had a slot at one look."""

    by_group: dict[tuple[str, str], int]

    @property
    def total(self) -> int:
        return sum(self.by_group.values())

    def of(self, limit: ConnectionLimit) -> int:
        place = 0 if limit.kind == "database" else 1
        return sum(count for group, count in self.by_group.items() if group[place] == limit.name)


def sample(session: Session, *, samples: int = 3, seconds: float = 3.0) -> Facts:
    """Who is connected, from `samples` looks spread over `seconds`: all count, the last one is read in full.

    What the server refuses to tell is Missing. Raises nothing but KeyboardInterrupt: where the server goes away the
    facts are Missing, and `session.connection.closed` is true.
    """
    facts: dict[type, Any] = {kind: Missing(reason="not looked at") for kind in (Server, *KINDS)}
    facts[RefusedConnection] = ()
    try:
        facts[Server] = (session.server,)
        facts[SessionTimeout] = session_timeouts(session)
        before = tuple(_uses(session, samples - 1, seconds))
        facts |= _last_look(session, before, seconds if before else 0.0)
    except ServerGone as error:
        facts = {kind: Missing(reason=str(error)) if isinstance(rows, Missing) else rows for kind, rows in facts.items()}
    except psycopg.Error as error:
        facts = {kind: missing(kind, error) if isinstance(rows, Missing) else rows for kind, rows in facts.items()}
    return Facts(facts)


def refused(error: ServerFull) -> Facts:
    """The facts of a server that is too full to let us in: that it refused us, and that nothing else could be seen."""
    unseen = Missing(
        reason="the server is full and refused the connection",
        remedy="run it as a superuser, or as a role with pg_use_reserved_connections (16+)",
    )
    return Facts({**{kind: unseen for kind in KINDS}, RefusedConnection: (RefusedConnection(message=str(error)),)})


def _uses(session: Session, looks: int, seconds: float) -> Iterator[_Use]:
    for _ in range(looks):
        yield _use(session.rows(_query("slot_use")))
        time.sleep(seconds / looks)


def _last_look(session: Session, before: tuple[_Use, ...], window_s: float) -> dict[type, tuple[Any, ...]]:
    with session.transaction() as cursor:
        backends = read_within(cursor, Backend, session.major)
        locks = read_within(cursor, Lock, session.major)
        prepared = read_within(cursor, PreparedTransaction, session.major)
        uses = (*before, _use(cursor.execute(_query("slot_use"), binary=True).fetchall()))
        maximum, superusers, others = cursor.execute(_query("slot_limits"), binary=True).fetchone()
        limits = cursor.execute(_query("connection_limit"), binary=True).fetchall()
    slots = Slots(
        max_connections=maximum,
        superuser_reserved_connections=superusers,
        reserved_connections=others,
        samples=tuple(use.total for use in uses),
        window_s=window_s,
        masked=sum(backend.is_masked and backend.takes_slot for backend in backends),
    )
    return {
        Backend: backends,
        Lock: locks,
        PreparedTransaction: prepared,
        Slots: (slots,),
        ConnectionLimit: tuple(_limit(uses, *row) for row in limits),
    }


def _limit(uses: tuple[_Use, ...], kind: str, name: str, limit: int) -> ConnectionLimit:
    unused = ConnectionLimit(kind=kind, name=name, limit=limit, samples=())
    return replace(unused, samples=tuple(use.of(unused) for use in uses))


def _use(rows: list[tuple]) -> _Use:
    return _Use({(database, user): sessions for database, user, sessions in rows})


def _query(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
