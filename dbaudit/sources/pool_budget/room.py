"""How many connections a server takes, without the server: as given, or from a snapshot of it."""

from __future__ import annotations

from dbaudit.facts import Missing
from dbaudit.facts.activity import Slots
from dbaudit.facts.budget import ServerRoom
from dbaudit.facts.snapshot import Snapshot
from dbaudit.sources.pool_budget import numbers

_UNKNOWN_RESERVED = 3


def given_room(max_connections: int, reserved: int | None, cores: int | None) -> ServerRoom:
    """The room that a person gives. PostgreSQL reserves 3 connections for superusers where nobody changes it."""
    default = f"{_UNKNOWN_RESERVED} are reserved by default" if reserved is None else "--reserved-connections"
    return ServerRoom(
        max_connections=max_connections,
        reserved=_UNKNOWN_RESERVED if reserved is None else reserved,
        origin=f"--max-connections; {default}",
        cores=cores,
    )


def room_in_snapshot(snapshot: Snapshot, cores: int | None) -> ServerRoom | Missing:
    """The room of the server that a snapshot is of, where it holds that: as ServerRoom, as Slots or as settings."""
    origin = f"snapshot of {snapshot.taken_at}"
    for room in snapshot.facts.get(ServerRoom):
        limits = {"limits": room.limits, "cores": cores or room.cores}
        return ServerRoom(max_connections=room.max_connections, reserved=room.reserved, origin=origin, **limits)
    for slots in snapshot.facts.get(Slots):
        return ServerRoom(max_connections=slots.max_connections, reserved=slots.reserved, origin=origin, cores=cores)
    settings = {row.name: row.value for row in snapshot.settings if not row.database and not row.role}
    maximum = numbers.count(settings.get("max_connections"))
    superusers = numbers.count(settings.get("superuser_reserved_connections"))
    others = numbers.count(settings.get("reserved_connections", "0"))
    if maximum is None or superusers is None or others is None:
        return Missing(reason="the snapshot does not hold max_connections", remedy="--max-connections N")
    return ServerRoom(max_connections=maximum, reserved=superusers + others, origin=origin, cores=cores)
