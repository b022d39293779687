"""How many connections a server takes, by its own word."""

from dbaudit.facts.budget import RoomLimit
from dbaudit.sources.postgres.room import server_room


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
