"""`dbaudit snapshot`: a database's schema and statistics in a file, and no row of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaudit.cli.options import Connection, Saving, Target, command
from dbaudit.cli.say import say

if TYPE_CHECKING:
    from dbaudit.facts.snapshot import Snapshot

_FEW = 12


@command
def snapshot(
    target: Target = None,
    schema: Annotated[
        list[str], typer.Option("--schema", metavar="PATTERN", help="Only these schemas; patterns as psql's.")
    ] = (),
    table: Annotated[
        list[str], typer.Option("--table", metavar="PATTERN", help="Only these tables, with all that they need.")
    ] = (),
    redact: Annotated[
        bool, typer.Option("--redact", help="Surrogates in the same order for values of your rows.")
    ] = False,
    *,
    connection: Connection,
    output: Saving,
) -> None:
    """Schema and statistics in a file: no rows.

    What a planner decides by: plan on it where production cannot be reached. Reads no row, in one read-only transaction
    that is rolled back. Most common values and histogram bounds are values of rows, so the file is its owner's alone
    (0600); --redact puts surrogates in their place. A name ending in .gz or .zst is compressed.
    """
    from dbaudit.cli.target import open_session
    from dbaudit.errors import AuditError
    from dbaudit.sources import snapshot as file
    from dbaudit.sources.postgres.snapshot import take

    if output.output is None and sys.stdout.isatty():
        raise AuditError("a snapshot is no text for a terminal", "dbaudit snapshot … -o prod.dbaudit.json")
    if output.output is not None:
        file.check_name(Path(output.output))
    with open_session(target, connection, output) as session:
        taken = take(session, schemas=schema, tables=table, redact=redact)
    if output.output is None:
        sys.stdout.write(file.to_text(taken))
        sys.stdout.flush()
        length = None
    else:
        length = file.write(taken, Path(output.output))
    if not output.quiet:
        _tell(taken, output, length)


def _tell(taken: Snapshot, output: Saving, length: int | None) -> None:
    """What is in the file, what is not, and what to think of before it is given away."""
    from dbaudit.facts.server import Server
    from dbaudit.units import count, size

    (server,) = taken.facts[Server]
    tables = sum(each.kind in "rpm" for each in taken.sizes)
    analyzed = len({each.relation for each in taken.statistics})
    where = f"{output.output} ({size(length)})" if length is not None else "standard output"
    say(
        f"{server}, PostgreSQL {server.version}: {count(len(taken.objects), 'object')},"
        f" {count(tables, 'table')}, statistics of {count(analyzed, 'relation')}: written to {where}"
    )
    shown = taken.omissions if output.verbose else taken.omissions[:_FEW]
    for each in shown:
        say(f"left out: {each.kind} {each.name}: {each.reason}")
    if len(taken.omissions) > len(shown):
        say(f"left out: {len(taken.omissions) - len(shown)} more; -v shows all, and the file lists them")
    if taken.is_redacted:
        say("values of rows are surrogates; the schema's own are as they are: partition bounds, CHECK, defaults, functions …")
    elif taken.statistics:
        say("most common values and histogram bounds are real data: the file is yours alone (0600); --redact replaces them")
