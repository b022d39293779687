"""How many connections a server takes, by its own word."""

from dbaudit.facts.budget import RoomLimit
from dbaudit.sources.pool_budget.room import room_in_snapshot
from dbaudit.sources.postgres.room import server_room
from dbaudit.sources.postgres.snapshot import take


def test_the_room_of_a_server(database):
    reserved = 3
    if database.major >= 16:
        reserved += int(database.admin.execute("show reserved_connections").fetchone()[0])
    maximum = int(database.admin.execute("show max_connections").fetchone()[0])
    room = server_room(database.session(), cores=2)
    assert (room.max_connections, room.reserved, room.usable) == (maximum, reserved, maximum - reserved)
    assert (room.origin, room.cores) == ("the server", 2)


def test_limits_of_roles_and_databases_are_read_by_their_quoted_names(newest):
    newest.run(
        f'alter database "{newest.name}" connection limit 7', 'create role "Odd ""one" login connection limit 5'
    )
    try:
        limits = server_room(newest.session()).limits
    finally:
        newest.run('drop role "Odd ""one"')
    assert RoomLimit(kind="role", name='"Odd ""one"', limit=5) in limits
    assert ("database", 7) in {(limit.kind, limit.limit) for limit in limits}


def test_a_snapshot_holds_the_room(newest):
    taken = take(newest.session())
    asked = server_room(newest.session())
    room = room_in_snapshot(taken, cores=4)
    assert (room.max_connections, room.reserved, room.limits) == (asked.max_connections, asked.reserved, asked.limits)
    assert room.cores == 4 and room.origin == f"snapshot of {taken.taken_at}"
