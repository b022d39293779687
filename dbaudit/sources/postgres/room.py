"""How many connections a server takes, from its own settings."""

from __future__ import annotations

from importlib.resources import files

import psycopg

from dbaudit.facts.budget import RoomLimit, ServerRoom
from dbaudit.sources.postgres.session import Session


def server_room(session: Session, cores: int | None = None) -> ServerRoom:
    """max_connections, what of it is reserved, and the limits of databases and roles.

    Raises psycopg.Error where the server refuses, ServerGone where it is lost.
    """
    with session.transaction() as cursor:
        return room_within(cursor, cores)


def room_within(cursor: psycopg.Cursor, cores: int | None = None) -> ServerRoom:
    """As `server_room`, in a transaction that is open already. Raises psycopg.Error."""
    maximum, superusers, others = cursor.execute(_query("slot_limits"), binary=True).fetchall()[0]
    limits = cursor.execute(_query("connection_limit"), binary=True).fetchall()
    return ServerRoom(
        max_connections=maximum,
        reserved=superusers + others,
        origin="the server",
        cores=cores,
        limits=tuple(RoomLimit(kind=kind, name=name, limit=limit) for kind, name, limit in limits),
    )


def _query(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
