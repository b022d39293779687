"""From the options of a connection budget, and a project's files, to its facts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dbaudit.cli.options import Connection, Output
from dbaudit.facts import Facts, Missing
from dbaudit.facts.budget import BudgetGap, PoolerPool, PoolerSettings, PoolUse, ServerRoom

_CONFIGS = ("pyproject.toml", "dbaudit.toml")
_NO_ROOM = Missing(
    reason="neither a server nor a number was given",
    remedy="--max-connections N, or name the database",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgeting:
    """What is known of the services and of the server without asking it."""

    service: Annotated[
        list[str],
        typer.Option(
            "--service",
            metavar="'NAME: KEY=N ...'",
            help="A service, such as 'api: instances=8 processes=4 pool=10 overflow=20'; more keys: threads, surge, "
            "concurrency (serverless), role, database, through=pgbouncer. What is not given is read from the files.",
        ),
    ] = ()
    max_connections: Annotated[
        int | None, typer.Option("--max-connections", metavar="N", min=1, help="The server's, where it is not asked.")
    ] = None
    reserved_connections: Annotated[
        int | None,
        typer.Option(
            "--reserved-connections",
            metavar="N",
            min=0,
            help="Connections that are reserved, with --max-connections: 3 where not given.",
        ),
    ] = None
    cores: Annotated[int | None, typer.Option("--cores", metavar="N", min=1, help="Cores of the server.")] = None


def budget_facts(
    paths: Iterable[str], options: Budgeting, room: ServerRoom | Missing | None = None
) -> tuple[Facts, tuple[str, ...]]:
    """The facts of the connection budget of a project, and notes on how far it was read.

    `paths` are directories and files; `[tool.dbaudit.services]` is read from the directories among them. `room` is what
    the server or a snapshot says; --max-connections wins over it. Raises AuditError for a path that is not there and for
    a service that is not understood.
    """
    from dbaudit.sources.pool_budget import project
    from dbaudit.sources.pool_budget.assemble import budget
    from dbaudit.sources.pool_budget.given import from_option, merged
    from dbaudit.sources.pool_budget.room import given_room

    paths = tuple(paths)
    given = merged([*_configured(paths), *map(from_option, options.service)])
    found = budget(project.read(paths), given)
    if options.max_connections is not None:
        room = given_room(options.max_connections, options.reserved_connections, options.cores)
    facts = Facts({
        PoolUse: found.uses,
        PoolerPool: found.pooled,
        BudgetGap: found.gaps,
        PoolerSettings: found.settings,
        ServerRoom: (room,) if isinstance(room, ServerRoom) else room or _NO_ROOM,
    })
    return facts, found.notes


def room_asked(
    target: str | None, connection: Connection, output: Output, snapshot: Path | None, cores: int | None
) -> tuple[ServerRoom | Missing | None, Facts]:
    """What the server says, or a snapshot of it, and the facts of who was asked; None where neither is named.

    Raises AuditError for a snapshot that cannot be read and where there is no connection.
    """
    if snapshot is not None:
        from dbaudit.sources.pool_budget.room import room_in_snapshot
        from dbaudit.sources.snapshot import read

        return room_in_snapshot(read(snapshot), cores), Facts()
    if not (target or connection.dbname or connection.host or connection.port or connection.username):
        return None, Facts()
    from dbaudit.cli.target import open_session
    from dbaudit.sources.postgres.room import server_room

    with open_session(target, connection, output) as session:
        return server_room(session, cores), Facts.of(session.server)


def _configured(paths: tuple[str, ...]):
    """The services of the configuration in each directory that is named, by pyproject.toml and dbaudit.toml."""
    from dbaudit.sources.pool_budget.files import text_of
    from dbaudit.sources.pool_budget.given import from_config

    for path in paths:
        for name in _CONFIGS if os.path.isdir(path) else ():
            file = os.path.normpath(os.path.join(path, name))
            text = text_of(file)
            if text is not None:
                yield from from_config(text, file)
