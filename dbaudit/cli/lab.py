"""`dbaudit lab`: a snapshot's twin to connect to, for psql, an ORM's tests, or anything else that can EXPLAIN."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from dbaudit.cli.options import Output, PgBin, command


@command
def lab(
    snapshot: Annotated[Path, typer.Option("--snapshot", metavar="FILE", help="The snapshot to make a twin of.")],
    pg_bin: PgBin = None,
    *,
    output: Output,
) -> None:
    """Keeps a snapshot's twin up until Ctrl-C.

    Prints its connection string, which psql, drivers and ORMs take. EXPLAIN there: it plans as the source would and has
    no rows. It listens on a socket of its own, not on the network, and nothing of it is left behind.
    """
    from dbaudit.cli.say import say
    from dbaudit.cli.twins import open_twin
    from dbaudit.sources.snapshot import read

    with open_twin(read(snapshot), pg_bin, output) as twin:
        print(twin.conninfo(), flush=True)
        if not output.quiet:
            say("the twin stays up until Ctrl-C")
        try:
            while not twin.server.has_ended():
                time.sleep(0.2)
        except KeyboardInterrupt:
            pass
