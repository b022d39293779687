"""`dbaudit explain`: what EXPLAIN says of each statement of a file, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from dbaudit.cli.options import Connection, NoProof, Output, PgBin, Schema, Snapshot, command
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.statement import Statement

_TIMEOUT_S = 30.0


@command
def explain(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE... [CONNINFO|URI]", help="SQL files, directories, - for stdin; and the database."),
    ],
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.001, help="Per run of a statement, in seconds.", show_default="30")
    ] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, max=100, help="Run each statement so often: cold is told from warm.")
    ] = None,
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
    snapshot: Snapshot = None,
    schema: Schema = (),
    pg_bin: PgBin = None,
    no_proof: NoProof = False,
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
    from dbaudit.cli.explaining import Asked, on_server, on_twin, plans, refuse
    from dbaudit.cli.files import separate_target
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.proofs import with_proofs
    from dbaudit.cli.statements import read_files
    from dbaudit.engine import audit
    from dbaudit.facts.saved_plan import SavedPlan
    from dbaudit.notes import about_saved_plans, about_statements, nothing_learnt

    if runs and (idle := _runs_nothing(no_analyze=no_analyze, snapshot=snapshot)):
        raise AuditError(f"--runs {runs} is for statements that are run, and {idle} runs none")
    checks = chosen(output, "PLN", "SQL", without=() if against else (SavedPlan,))
    saved = _saved(against) if against else Facts()
    paths, target = separate_target(files, "explain")
    asked = Asked(
        analyze=not no_analyze,
        timeout_ms=round((timeout or _TIMEOUT_S) * 1000),
        runs=runs or 1,
        show_values=show_values,
        proves=not no_proof,
        pg_bin=pg_bin,
    )
    if plan:
        options = {"--params": params, "--show-values": show_values, "--timeout": timeout, "--no-analyze": no_analyze}
        refuse(options | {"--runs": runs, "--snapshot": snapshot, "--schema": schema or None})
        explaining = plans(paths, target, connection, output)
    else:
        if schema and not snapshot:
            raise AuditError("--schema changes the schema of a snapshot", "name one: --snapshot prod.dbaudit.json")
        statements = _with_values(read_files(paths), params)
        if snapshot:
            explaining = on_twin(snapshot, schema, statements, asked, target, connection, output)
        else:
            explaining = on_server(statements, asked, target, connection, output)
    with explaining as told:
        facts = told.facts.merged(saved)
        if save_plans and not (told.lost or told.interrupted):
            _save(facts, save_plans)
        report = audit(
            command="explain",
            facts=facts,
            checks=checks,
            notes=(*told.notes, *about_statements(facts), *about_saved_plans(facts)),
            failure=told.lost or nothing_learnt(facts),
            interrupted=told.interrupted,
            locator=None if plan else _locator,
        )
        report = with_proofs(report, *told.trials)
    finish(report, output)


def _runs_nothing(**options: object) -> str:
    return next((f"--{name.replace('_', '-')}" for name, value in options.items() if value), "")


def _with_values(statements: tuple[Statement, ...], params: str | None) -> tuple[Statement, ...]:
    from dbaudit.sources.given import read_values, with_values

    return with_values(statements, read_values(params) if params else {}, params or "")


def _locator(facts: Facts) -> Callable:
    """Read only where there is a finding about a plan."""
    from dbaudit.sources.sqlplaces import locator

    return locator(facts)


def _saved(path: str) -> Facts:
    from dbaudit.sources.saved_plans import read

    return read(path)


def _save(facts: Facts, path: str) -> None:
    from dbaudit.cli.files import write_whole
    from dbaudit.sources.saved_plans import written

    write_whole(path, [written(facts)])
