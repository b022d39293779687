"""`dbaudit explain`: what EXPLAIN says of each statement of a file, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.options import Connection, Explaining, Output, command


@command
def explain(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE... [CONNINFO|URI]", help="SQL files, directories, - for stdin; and the database."),
    ],
    *,
    wanted: Explaining,
    connection: Connection,
    output: Output,
) -> None:
    """EXPLAIN ANALYZE: what is slow, and what to do.

    Runs what only reads, in read-only transactions that are rolled back; INSERT, UPDATE, DELETE, MERGE and whatever
    calls a volatile function are planned and never run. Parameters get values from --params, from comments as
    `-- dbaudit: param status = 'open'`, or from the server's statistics. With --plan nothing is sent, and no server is
    needed.
    """
    from dbaudit.cli.explaining import explain_files

    explain_files(files, wanted, connection, output)
