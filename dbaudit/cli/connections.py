"""`dbaudit connections`: who holds the connection slots, and what that costs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dbaudit.cli.options import Connection, Output, Target, command
from dbaudit.cli.say import say

if TYPE_CHECKING:
    from dbaudit.facts import Facts
    from dbaudit.facts.sessions import SessionLook
    from dbaudit.sources.postgres.session import Session

_SECONDS = 3.0


@command
def connections(
    target: Target = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look every second, until Ctrl-C or for --seconds.")] = False,
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0, help="Over how long, in seconds; 3 without --watch.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="How often to look, without --watch.")] = 3,
    connect_cost: Annotated[
        bool, typer.Option("--connect-cost", help="Measure new connections as well: five, one by one.")
    ] = False,
    cores: Annotated[int | None, typer.Option("--cores", min=1, help="Cores of the server's machine.")] = None,
    *,
    connection: Connection,
    output: Output,
) -> None:
    """Who holds the slots, and who waits for whom.

    Saturation, leaks, churn, idle and long transactions, blocked sessions, missing timeouts; with --watch the slots over
    time, and the pool that would be enough. Looks several times on one connection.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.target import open_session
    from dbaudit.engine import audit
    from dbaudit.errors import ServerFull
    from dbaudit.facts import Facts
    from dbaudit.facts.sessions import ConnectCost
    from dbaudit.notes import about_connections
    from dbaudit.sources.postgres.activity import refused, sample
    from dbaudit.sources.postgres.connect_cost import measure

    checks = chosen(output, "CON", without=() if connect_cost else (ConnectCost,))
    try:
        with open_session(target, connection, output) as session:
            if watch:
                facts = _watched(session, seconds, cores, output)
            else:
                facts = sample(session, samples=samples, seconds=_SECONDS if seconds is None else seconds, cores=cores)
            lost = session.lost
            if connect_cost and not lost:
                facts = facts.merged(Facts({ConnectCost: measure(session)}))
    except ServerFull as error:
        facts, lost = refused(error), ""
    notes = about_connections(facts)
    finish(audit(command="connections", facts=facts, checks=checks, notes=notes, failure=lost), output)


def _watched(session: Session, seconds: float | None, cores: int | None, output: Output) -> Facts:
    from dbaudit.report.timeline import look_line
    from dbaudit.sources.postgres.activity import watch

    is_seen = sys.stderr.isatty()
    is_told = output.quiet

    def seen(look: SessionLook, usable: int) -> None:
        nonlocal is_told
        if not is_told:
            # Not earlier: from the first look on Ctrl-C ends the watching, and not the audit.
            until = "until Ctrl-C" if seconds is None else f"for {seconds:g} s, or until Ctrl-C"
            say(f"looking every second {until}; the report comes then")
            is_told = True
        if is_seen and not output.quiet:
            print(look_line(look, usable, _width()), file=sys.stderr, flush=True)

    facts = watch(session, seen, seconds=seconds, cores=cores)
    if is_seen and not output.quiet:
        print(file=sys.stderr)
    return facts


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns
