"""A command for trying the connection budget alone; `dbaudit pools` takes its place."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.budget import Budgeting, budget_facts
from dbaudit.cli.options import Connection, Output, command


@command
def pool_budget(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Directories and files of the project.")
    ] = None,
    *,
    budgeting: Budgeting,
    connection: Connection,
    output: Output,
) -> None:
    """The connection budget of a project."""
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit

    checks = chosen(output, "POL")
    room, server = None, None
    if connection.dbname or connection.host or connection.port or connection.username:
        from dbaudit.cli.target import open_session
        from dbaudit.sources.postgres.room import server_room

        with open_session(None, connection, output) as session:
            room, server = server_room(session, budgeting.cores), session.server
    facts, notes = budget_facts(paths or ["."], budgeting, room)
    if server:
        from dbaudit.facts import Facts

        facts = facts.merged(Facts.of(server))
    finish(audit(command="pools", facts=facts, checks=checks, notes=notes), output)


app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(pool_budget)
if __name__ == "__main__":
    app()
