"""`dbaudit indexes`: missing, duplicate, redundant, unused and invalid indexes of one database."""

from __future__ import annotations

from contextlib import ExitStack

from dbaudit.cli.options import Connection, NoProof, Output, PgBin, Snapshot, Target, command


@command
def indexes(
    target: Target = None,
    snapshot: Snapshot = None,
    no_proof: NoProof = False,
    pg_bin: PgBin = None,
    *,
    connection: Connection,
    output: Output,
) -> None:
    """Missing, duplicate, unused and invalid indexes.

    Each finding comes with the exact DDL, the lock it takes, and its undo. Nothing is changed. What a missing index
    would bring is tried on a throwaway server that has the statistics of this one, and none of its rows.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.proofs import with_proofs
    from dbaudit.cli.target import open_session, without_server
    from dbaudit.cli.trials import IndexTrials, of_server, of_snapshot
    from dbaudit.engine import audit
    from dbaudit.sources.postgres.collect import collect

    checks = chosen(output, "IDX", "TBL")
    notes, lost = (), ""
    with ExitStack() as stack:
        if snapshot:
            from dbaudit.notes import about_snapshot
            from dbaudit.sources.snapshot import read

            without_server(target, connection)
            source = read(snapshot)
            facts, notes = source.facts, about_snapshot(source, str(snapshot))
            trials = IndexTrials(of_snapshot(source, pg_bin, stack, output), facts)
        else:
            session = stack.enter_context(open_session(target, connection, output))
            facts = collect(session, dict.fromkeys(kind for check in checks for kind in check.needs))
            lost = session.lost
            trials = IndexTrials(of_server(session, facts, pg_bin, stack, output), facts, session)
        report = audit(command="indexes", facts=facts, checks=checks, notes=notes, failure=lost)
        if not (lost or no_proof):
            report = with_proofs(report, trials)
    finish(report, output)
