"""From the options of `explain` to its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from dbaudit.cli.choices import Connection, Explaining, Output
from dbaudit.cli.plan_sources import Told, on_server, on_twin, plans
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.statement import Statement


def explain_files(files: Sequence[str], wanted: Explaining, connection: Connection, output: Output) -> None:
    """Explains, proves, writes the report, and leaves with its exit code. Raises AuditError."""
    from dbaudit.cli.files import separate_target
    from dbaudit.cli.output import chosen, finish
    from dbaudit.cli.proofs import with_proofs
    from dbaudit.engine import audit
    from dbaudit.facts.saved_plan import SavedPlan
    from dbaudit.notes import about_saved_plans, about_statements, nothing_learnt

    _refuse_what_contradicts(wanted)
    checks = chosen(output, "PLN", "SQL", without=() if wanted.against else (SavedPlan,))
    saved = _saved(wanted.against) if wanted.against else Facts()
    paths, target = separate_target(files, "explain")
    with _source(paths, target, wanted, connection, output) as told:
        facts = told.facts.merged(saved)
        if wanted.save_plans and not (told.lost or told.interrupted):
            _save(facts, wanted.save_plans)
        report = audit(
            command="explain",
            facts=facts,
            checks=checks,
            notes=(*told.notes, *about_statements(facts), *about_saved_plans(facts)),
            failure=told.lost or nothing_learnt(facts),
            interrupted=told.interrupted,
            locator=None if wanted.plan else _locator,
        )
        report = with_proofs(report, *told.trials)
    finish(report, output)


def _refuse_what_contradicts(wanted: Explaining) -> None:
    given = {
        "--params": wanted.params, "--show-values": wanted.show_values, "--timeout": wanted.timeout,
        "--no-analyze": wanted.no_analyze, "--runs": wanted.runs, "--snapshot": wanted.snapshot,
        "--schema": tuple(wanted.schema),
    }
    named = [option for option, value in given.items() if value]
    if wanted.plan and named:
        raise AuditError(
            f"{' and '.join(named)} cannot be given with --plan: a plan is read and nothing is run",
            "leave it out, or give the SQL file without --plan",
        )
    if wanted.runs and (wanted.no_analyze or wanted.snapshot):
        idle = "--no-analyze" if wanted.no_analyze else "--snapshot"
        raise AuditError(f"--runs {wanted.runs} is for statements that are run, and {idle} runs none")
    others = {"--no-proof": wanted.no_proof, "--plan": wanted.plan, "--snapshot": wanted.snapshot}
    if wanted.prove_on and any(others.values()):
        other = next(option for option, value in others.items() if value)
        raise AuditError(f"--prove-on measures on a copy of the server that is audited, and not with {other}")
    if wanted.schema and not wanted.snapshot:
        raise AuditError("--schema changes the schema of a snapshot", "name one: --snapshot prod.dbaudit.json")


def _source(
    paths: Sequence[str], target: str | None, wanted: Explaining, connection: Connection, output: Output
) -> AbstractContextManager[Told]:
    if wanted.plan:
        return plans(paths, target, connection, output)
    from dbaudit.cli.statements import read_files

    statements = _with_values(read_files(paths), wanted.params)
    source = on_twin if wanted.snapshot else on_server
    return source(statements, wanted, target, connection, output)


def _with_values(statements: tuple[Statement, ...], params: str | None) -> tuple[Statement, ...]:
    if not params and not any(statement.value_sets for statement in statements):
        return statements
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
