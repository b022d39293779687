"""`dbaudit pools`: how an application uses its connections, and whether the server can serve all that it may open."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from dbaudit.cli.budget import Budgeting
from dbaudit.cli.options import Connection, Output, Snapshot, command
from dbaudit.errors import AuditError
from dbaudit.facts import Facts


@command
def pools(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH... [CONNINFO|URI]", help="The project: directories and files; and a database."),
    ] = None,
    snapshot: Snapshot = None,
    *,
    budgeting: Budgeting,
    connection: Connection,
    output: Output,
) -> None:
    """The connections of an application: its code, and their budget.

    Reads Python code and runs nothing of it: connections and pools made per request, unreturned ones, waits inside of
    transactions, queries in loops. With a server, a snapshot or --max-connections it adds up what all processes of all
    services may open, term by term, from the project's own files and --service, and holds it against what the server has.
    """
    from dbaudit.cli.budget import budget_facts, room_asked
    from dbaudit.cli.files import separate_target
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit
    from dbaudit.notes import NO_BUDGET, about_source

    checks = chosen(output, "POL")
    named, target = separate_target(paths or ["."], "pools")
    if snapshot:
        from dbaudit.cli.target import without_server

        without_server(target, connection)
    room, facts = room_asked(target, connection, output, snapshot, budgeting.cores)
    has_budget = room is not None or budgeting.max_connections is not None or bool(budgeting.service)
    facts = facts.merged(_code(named, may_be_none=has_budget))
    notes, failure = about_source(facts)
    if has_budget:
        budget, more = budget_facts(named, budgeting, room)
        facts, notes, failure = facts.merged(budget), (*notes, *more), ""
    else:
        notes = (*notes, NO_BUDGET)
    asked = tuple(check for check in checks if all(kind in facts.rows for kind in check.needs))
    finish(audit(command="pools", facts=facts, checks=asked, notes=notes, failure=failure), output)


def _code(paths: Sequence[str], *, may_be_none: bool) -> Facts:
    """What the Python among the paths says. Raises AuditError where there is none, unless there may be none."""
    from dbaudit.sources.python_code import read

    if not may_be_none:
        return read(paths)
    try:
        return read([path for path in paths if os.path.isdir(path) or path.endswith(".py")])
    except AuditError:
        return Facts()
