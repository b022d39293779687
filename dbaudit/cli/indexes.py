"""`dbaudit indexes`: missing, duplicate, redundant, unused and invalid indexes of one database."""

from __future__ import annotations

from dbaudit.cli.options import Connection, Output, Target, command


@command
def indexes(target: Target = None, *, connection: Connection, output: Output) -> None:
    """Missing, duplicate, unused and invalid indexes.

    Each finding comes with the exact DDL, the lock it takes, and its undo. Nothing is changed.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.target import open_session
    from dbaudit.engine import audit
    from dbaudit.sources.postgres.collect import collect

    checks = chosen(output, "IDX", "TBL")
    with open_session(target, connection, output) as session:
        facts = collect(session, dict.fromkeys(kind for check in checks for kind in check.needs))
    finish(audit(command="indexes", facts=facts, checks=checks, failure=session.lost), output)
