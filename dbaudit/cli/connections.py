"""`dbaudit connections`: who holds the connection slots, and what that costs."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.options import Connection, Output, Target, command


@command
def connections(
    target: Target = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="How often to look.")] = 3,
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="Over how long, in seconds.")] = 3.0,
    *,
    connection: Connection,
    output: Output,
) -> None:
    """Who holds the slots, and who waits for whom.

    Saturation, idle and long transactions, blocked sessions, missing timeouts. Looks several times on one connection.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.target import open_session
    from dbaudit.engine import audit
    from dbaudit.errors import ServerFull
    from dbaudit.sources.postgres.activity import refused, sample

    checks = chosen(output, "CON")
    try:
        with open_session(target, connection, output) as session:
            facts = sample(session, samples=samples, seconds=seconds)
    except ServerFull as error:
        finish(audit(command="connections", facts=refused(error), checks=checks), output)
    else:
        finish(audit(command="connections", facts=facts, checks=checks, failure=session.lost), output)
