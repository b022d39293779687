"""How many connections a server takes, from its own settings."""

from __future__ import annotations

from importlib.resources import files

from dbaudit.facts.budget import RoomLimit, ServerRoom
from dbaudit.sources.postgres.session import Session


def server_room(session: Session, cores: int | None = None) -> ServerRoom:
    """max_connections, what of it is reserved, and the limits of databases and roles.

    Raises psycopg.Error where the server refuses, ServerGone where it is lost.
    """
    maximum, superusers, others = session.rows(_query("slot_limits"))[0]
    return ServerRoom(
        max_connections=maximum,
        reserved=superusers + others,
        origin="the server",
        cores=cores,
        limits=tuple(
            RoomLimit(kind=kind, name=name, limit=limit) for kind, name, limit in session.rows(_query("connection_limit"))
        ),
    )


def _query(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
