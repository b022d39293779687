"""`dbaudit lint`: the checks of the text of statements, on files; with a server they know the schema."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.options import Connection, Output, Snapshot, command


@command
def lint(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH... [CONNINFO|URI]", help="SQL files, directories with *.sql, globs; - for stdin; and a database."
        ),
    ],
    snapshot: Snapshot = None,
    *,
    connection: Connection,
    output: Output,
) -> None:
    """Checks SQL files, without a server, or with the schema of one.

    Looks at queries and data modification, also in the bodies of functions in SQL; definitions (CREATE, ALTER, DROP) are
    read over. A database is asked for its schema only where one is named here, by a connection string or by -h, -p, -U or
    -d: nothing of the files is sent to it. A snapshot of one serves as well.
    """
    from dbaudit.cli.linting import lint_files

    lint_files(paths, connection, output, snapshot)
