"""Looks at a server's sessions several times over a window, and sleeps only outside transactions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
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
from dbaudit.facts.sessions import ClientPath, DatabaseSessions, ReplicationHorizon, SessionGroup, SessionLook
from dbaudit.sources.postgres.collect import missing, read_within
from dbaudit.sources.postgres.looks import Looks, counted
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.session_timeouts import session_timeouts

KINDS = (
    Backend, Lock, PreparedTransaction, Slots, ConnectionLimit, SessionTimeout, RefusedConnection, SessionLook,
    SessionGroup, DatabaseSessions, ReplicationHorizon, ClientPath,
)  # fmt: skip
# A look, and how many slots an ordinary role can get.
Seen = Callable[[SessionLook, int], object]
Limits = tuple[int, int, int]

# Looking takes at most this share of the time, and no two looks are closer than that.
_SHARE = 0.1
_PAUSE_S = 1.0


def sample(session: Session, *, samples: int = 3, seconds: float = 3.0, cores: int | None = None) -> Facts:
    """Who is connected, from `samples` looks spread over `seconds`: all count, the last one is read in full.

    `cores` are those of the server, where they are known. What the server refuses to tell is Missing. Raises nothing but
    KeyboardInterrupt: where the server goes away the facts are Missing, and `session.connection.closed` is true.
    """
    pauses = [seconds / (samples - 1)] * (samples - 1) if samples > 1 else []
    return _facts(session, cores, lambda looks, started, _: _take(session, looks, started, pauses))


def watch(session: Session, seen: Seen, *, seconds: float | None = None, cores: int | None = None) -> Facts:
    """As `sample`, with a look every second or so for so many seconds; None is until Ctrl-C, which ends it in any case.

    `seen` is called with each look but the last, and with the usable slots. Raises KeyboardInterrupt where it comes again.
    """

    def take(looks: Looks, started: float, usable: int) -> None:
        with suppress(KeyboardInterrupt):
            _take(session, looks, started, _until(started, seconds), lambda look: seen(look, usable))

    return _facts(session, cores, take)


def refused(error: ServerFull) -> Facts:
    """The facts of a server that is too full to let us in: that it refused us, and that nothing else could be seen."""
    unseen = Missing(
        reason="the server is full and refused the connection",
        remedy="run it as a superuser, or as a role with pg_use_reserved_connections (16+)",
    )
    return Facts({**{kind: unseen for kind in KINDS}, RefusedConnection: (RefusedConnection(message=str(error)),)})


def _facts(session: Session, cores: int | None, take: Callable[[Looks, float, int], None]) -> Facts:
    facts: dict[type, Any] = {kind: Missing(reason="not looked at") for kind in (Server, *KINDS)}
    facts[RefusedConnection] = ()
    looks, limits = Looks(), (0, 0, 0)
    try:
        facts[Server] = (session.server,)
        facts[ClientPath] = (_path(session, cores),)
        facts[SessionTimeout] = session_timeouts(session)
        before = session.rows(_query("session_counter"))
        (limits,) = session.rows(_query("slot_limits"))
        started = time.monotonic()
        take(looks, started, limits[0] - limits[1] - limits[2])
        facts |= _last_look(session, looks, started, limits, before)
    except (ServerGone, psycopg.Error) as error:
        facts |= _looked(looks, limits) if looks.looks else {}
        facts = {kind: _lacking(kind, error) if isinstance(rows, Missing) else rows for kind, rows in facts.items()}
    return Facts(facts)


def _lacking(kind: type, error: Exception) -> Missing:
    return missing(kind, error) if isinstance(error, psycopg.Error) else Missing(reason=str(error))


def _take(session: Session, looks: Looks, started: float, pauses: Iterable[float], seen: Any = None) -> None:
    """One look before each pause, which is longer where a look takes long."""
    for pause in pauses:
        asked = time.monotonic()
        look = looks.add(session.rows(_query("session_look")), asked - started)
        if seen:
            seen(look)
        time.sleep(max(pause, (time.monotonic() - asked) / _SHARE))


def _until(started: float, seconds: float | None) -> Iterator[float]:
    """Pauses up to the end of the window, or without end."""
    while seconds is None or started + seconds > time.monotonic():
        yield _PAUSE_S if seconds is None else min(_PAUSE_S, max(0.0, started + seconds - time.monotonic()))


def _path(session: Session, cores: int | None) -> ClientPath:
    connection = session.connection
    ((pid,),) = session.rows(_query("backend_pid"))
    is_pooled = connection.info.backend_pid != pid
    is_local = connection.info.host.startswith(("/", "@")) and not is_pooled
    return ClientPath(
        is_pooled=is_pooled,
        is_local=is_local,
        is_encrypted=connection.pgconn.ssl_in_use,
        cores=cores or (os.cpu_count() if is_local else None),
    )


def _last_look(
    session: Session, looks: Looks, started: float, limits: Limits, before: list[tuple]
) -> dict[type, tuple[Any, ...]]:
    with session.transaction() as cursor:
        facts: dict[type, tuple[Any, ...]] = {
            kind: read_within(cursor, kind, session.major)
            for kind in (Backend, Lock, PreparedTransaction, ReplicationHorizon)
        }
        at_s = time.monotonic() - started
        looks.add(cursor.execute(_query("session_look"), binary=True).fetchall(), at_s)
        after = cursor.execute(_query("session_counter"), binary=True).fetchall()
        own_limits = cursor.execute(_query("connection_limit"), binary=True).fetchall()
    facts[ConnectionLimit] = tuple(looks.limit(*row) for row in own_limits)
    facts[DatabaseSessions] = counted(before, after)
    masked = sum(backend.is_masked and backend.takes_slot for backend in facts[Backend])
    return facts | _looked(looks, limits, masked)


def _looked(looks: Looks, limits: Limits, masked: int | None = None) -> dict[type, tuple[Any, ...]]:
    """What the looks alone tell."""
    maximum, superusers, others = limits
    slots = Slots(
        max_connections=maximum,
        superuser_reserved_connections=superusers,
        reserved_connections=others,
        samples=tuple(looks.totals),
        window_s=looks.looks[-1].at_s,
        masked=looks.looks[-1].masked if masked is None else masked,
    )
    return {Slots: (slots,), SessionLook: tuple(looks.looks), SessionGroup: looks.groups()}


def _query(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
