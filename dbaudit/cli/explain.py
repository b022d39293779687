"""`dbaudit explain`: what EXPLAIN says of each statement of a file, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from dbaudit.cli.options import Connection, Output, command
from dbaudit.facts import Facts


@command
def explain(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE... [CONNINFO|URI]", help="SQL files, directories, - for stdin; and the database."),
    ],
    timeout: Annotated[float, typer.Option("--timeout", min=0.001, help="Per statement, in seconds.")] = 30.0,
    plan: Annotated[
        bool, typer.Option("--plan", help="The files hold plans: EXPLAIN's JSON, YAML or text, or auto_explain's log.")
    ] = False,
    no_analyze: Annotated[bool, typer.Option("--no-analyze", help="Only plan: run nothing.")] = False,
    params: Annotated[
        str | None, typer.Option("--params", metavar="FILE", help="Values for parameters, by statement: TOML or JSON.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show the values that parameters were tried with.")
    ] = False,
    save_plans: Annotated[
        str | None, typer.Option("--save-plans", metavar="FILE", help="Write the plans there, to compare later ones with.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="FILE", help="Saved plans: report what has become worse since.")
    ] = None,
    *,
    connection: Connection,
    output: Output,
) -> None:
    """EXPLAIN ANALYZE: what is slow, and what to do.

    Runs what only reads, in read-only transactions that are rolled back; INSERT, UPDATE, DELETE, MERGE and whatever
    calls a volatile function are planned and never run. Parameters get values from --params, from comments as
    `-- dbaudit: param status = 'open'`, or from the server's statistics. With --plan nothing is sent, and no server is
    needed.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.statements import explain_all, read_files, separate_target
    from dbaudit.cli.target import open_session
    from dbaudit.engine import audit
    from dbaudit.facts.saved_plan import SavedPlan
    from dbaudit.notes import about_saved_plans, about_statements, nothing_learnt
    from dbaudit.sources.given import read_values, with_values

    checks = chosen(output, "PLN", "SQL", without=() if against else (SavedPlan,))
    saved = _saved(against) if against else Facts()
    paths, target = separate_target(files)
    lost, interrupted = "", False
    if plan:
        from dbaudit.cli.plans import plan_facts

        facts = plan_facts(paths, target, connection, output)
    else:
        statements = with_values(read_files(paths), read_values(params) if params else {}, params or "")
        with open_session(target, connection, output) as session:
            facts, interrupted = explain_all(
                session,
                statements,
                analyze=not no_analyze,
                timeout_ms=round(timeout * 1000),
                show_values=show_values,
                quiet=output.quiet,
            )
        lost = session.lost
    facts = facts.merged(saved)
    if save_plans and not (lost or interrupted):
        _save(facts, save_plans)
    report = audit(
        command="explain",
        facts=facts,
        checks=checks,
        notes=(*about_statements(facts), *about_saved_plans(facts)),
        failure=lost or nothing_learnt(facts),
        interrupted=interrupted,
    )
    finish(report, output)


def _saved(path: str) -> Facts:
    from dbaudit.sources.saved_plans import read

    return read(path)


def _save(facts: Facts, path: str) -> None:
    from dbaudit.cli.files import write_whole
    from dbaudit.sources.saved_plans import written

    write_whole(path, written(facts))
