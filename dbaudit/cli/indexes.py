"""`dbaudit indexes`: missing, duplicate, redundant, unused and invalid indexes of one database."""

from __future__ import annotations

from pathlib import Path

from dbaudit.cli.options import Connection, Output, Snapshot, Target, command
from dbaudit.facts import Facts


@command
def indexes(
    target: Target = None, snapshot: Snapshot = None, *, connection: Connection, output: Output
) -> None:
    """Missing, duplicate, unused and invalid indexes.

    Each finding comes with the exact DDL, the lock it takes, and its undo. Nothing is changed.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit

    checks = chosen(output, "IDX", "TBL")
    if snapshot:
        facts, notes = _of_snapshot(snapshot, target, connection)
        finish(audit(command="indexes", facts=facts, checks=checks, notes=notes), output)
    from dbaudit.cli.target import open_session
    from dbaudit.sources.postgres.collect import collect

    with open_session(target, connection, output) as session:
        facts = collect(session, dict.fromkeys(kind for check in checks for kind in check.needs))
    finish(audit(command="indexes", facts=facts, checks=checks, failure=session.lost), output)


def _of_snapshot(path: Path, target: str | None, connection: Connection) -> tuple[Facts, tuple[str, ...]]:
    from dbaudit.cli.target import without_server
    from dbaudit.notes import about_snapshot
    from dbaudit.sources.snapshot import read

    without_server(target, connection)
    snapshot = read(path)
    return snapshot.facts, about_snapshot(snapshot, str(path))
