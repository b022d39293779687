"""A command for trying the connection budget alone; `dbaudit pools` takes its place."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.budget import Budgeting, budget_facts, room_asked
from dbaudit.cli.options import Connection, Output, Snapshot, command


@command
def pool_budget(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Directories and files of the project.")
    ] = None,
    snapshot: Snapshot = None,
    *,
    budgeting: Budgeting,
    connection: Connection,
    output: Output,
) -> None:
    """The connection budget of a project."""
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit

    checks = chosen(output, "POL")
    room, asked = room_asked(None, connection, output, snapshot, budgeting.cores)
    facts, notes = budget_facts(paths or ["."], budgeting, room)
    finish(audit(command="pools", facts=facts.merged(asked), checks=checks, notes=notes), output)


app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(pool_budget)
if __name__ == "__main__":
    app()
