"""`dbaudit demo`: the main job on the embedded server, with nothing to install and nothing to configure."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaudit.cli.options import Output, PgBin, command
from dbaudit.cli.say import say

if TYPE_CHECKING:
    from dbaudit.checks.registry import Check
    from dbaudit.engine import Report
    from dbaudit.lab.server import LabServer


@command
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server up until Ctrl-C; print how to connect.")] = False,
    pg_bin: PgBin = None,
    *,
    output: Output,
) -> None:
    """Audits a demo shop on an embedded server.

    Needs no server and no configuration, and leaves nothing behind.
    """
    from dbaudit.cli.output import chosen, exit_code, write
    from dbaudit.exits import Exit
    from dbaudit.facts.saved_plan import SavedPlan
    from dbaudit.facts.sessions import ConnectCost
    from dbaudit.lab import shop
    from dbaudit.lab.binaries import resolve
    from dbaudit.lab.server import start

    checks = chosen(output, "PLN", "SQL", "IDX", "TBL", "CON", without=(SavedPlan, ConnectCost))
    _tell(output, "starting an embedded PostgreSQL and loading the demo shop, 2.2 million rows")
    with start(resolve(pg_bin), shop.SETTINGS) as server:
        shop.create(server.conninfo())
        shop.load(server.conninfo(shop.DATABASE))
        with shop.occupy(server.conninfo(shop.DATABASE)):
            _tell(output, "auditing it, and trying the fixes in a twin without its rows")
            report = _audit(server, checks, pg_bin, output)
            code = exit_code(report, output)
            write(report, output, code if report.interrupted else Exit.CLEAN)
            if report.interrupted:
                sys.exit(code)
            _tell(output, f"as a CI job this would be exit code {int(code)}; the demo itself answers 0")
            if keep:
                _keep(server)


def _audit(server: LabServer, checks: tuple[Check, ...], pg_bin: Path | None, output: Output) -> Report:
    from dbaudit.advisor.rewrites import RewriteTrial
    from dbaudit.cli.proofs import with_proofs
    from dbaudit.cli.statements import explain_all
    from dbaudit.cli.trials import IndexTrials, of_server
    from dbaudit.engine import audit
    from dbaudit.lab import shop
    from dbaudit.sources import sqlfile
    from dbaudit.sources.postgres.activity import sample
    from dbaudit.sources.postgres.collect import collect
    from dbaudit.sources.postgres.connection import Address, connect
    from dbaudit.sources.postgres.session import Session
    from dbaudit.sources.sqlplaces import locator

    queries = shop.fixture_directory() / "queries.sql"
    statements = sqlfile.split(queries.read_text("utf-8"), queries.name)
    with ExitStack() as stack:
        session = Session(connect(Address(conninfo=server.conninfo(shop.DATABASE, shop.AUDIT_ROLE))))
        stack.callback(session.close)
        explained, interrupted = explain_all(session, statements, analyze=True, timeout_ms=30_000, quiet=True)
        activity = sample(session, seconds=1.0)
        kinds = dict.fromkeys(kind for check in checks if check.family in ("IDX", "TBL") for kind in check.needs)
        facts = explained.merged(activity).merged(collect(session, kinds))
        given = shop.DEMO_OPTIONS
        options = {check.code: check.options(**given[check.code]) for check in checks if check.code in given}
        report = audit(
            command="demo",
            facts=facts,
            checks=checks,
            options=options,
            failure=session.lost,
            interrupted=interrupted,
            locator=locator,
        )
        indexes = IndexTrials(of_server(session, facts, pg_bin, stack, output), facts)
        return with_proofs(report, RewriteTrial(session, facts), indexes)


def _keep(server: LabServer) -> None:
    from dbaudit.lab import shop

    address = f"host={server.directory} user=postgres dbname={shop.DATABASE}"
    say("the server stays up until Ctrl-C; connect with:")
    for program in ("psql", "dbaudit indexes", "dbaudit connections", "dbaudit explain FILE"):
        say(f'  {program} "{address}"')
    try:
        server.wait()
    except KeyboardInterrupt:
        say("stopping it")


def _tell(output: Output, message: str) -> None:
    if not output.quiet:
        say(message)
