"""Where the plans of `explain` come from: a server, a snapshot's twin, or files of plans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dbaudit.cli.options import Connection, Output
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.statement import Statement

if TYPE_CHECKING:
    from dbaudit.advisor.proof import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How statements are to be explained. `proves` says that fixes are tried."""

    analyze: bool
    timeout_ms: int
    runs: int
    show_values: bool
    proves: bool
    pg_bin: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was learnt, how far it reaches, and what fixes can be tried with while this is open."""

    facts: Facts
    notes: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    lost: str = ""
    interrupted: bool = False


@contextmanager
def plans(paths: Iterable[str], target: str | None, connection: Connection, output: Output) -> Iterator[Told]:
    """The plans in these files. Raises AuditError as plan_facts does."""
    from dbaudit.cli.plans import plan_facts

    facts, notes = plan_facts(paths, target, connection, output)
    yield Told(facts=facts, notes=notes)


def refuse(given: Mapping[str, object]) -> None:
    """Raises AuditError for options that say how to run statements, which a plan is not."""
    named = [option for option, value in given.items() if value not in (None, False)]
    if named:
        raise AuditError(
            f"{' and '.join(named)} cannot be given with --plan: a plan is read and nothing is run",
            "leave it out, or give the SQL file without --plan",
        )


@contextmanager
def on_server(
    statements: Sequence[Statement], asked: Asked, target: str | None, connection: Connection, output: Output
) -> Iterator[Told]:
    """The statements explained on the server that the options name. Raises ConnectionFailed."""
    from dbaudit.advisor.rewrites import RewriteTrial
    from dbaudit.cli.statements import explain_all
    from dbaudit.cli.target import open_session
    from dbaudit.cli.trials import IndexTrials, of_server

    with ExitStack() as stack:
        session = stack.enter_context(open_session(target, connection, output))
        facts, interrupted = explain_all(
            session, statements, analyze=asked.analyze, timeout_ms=asked.timeout_ms,
            show_values=asked.show_values, runs=asked.runs, quiet=output.quiet,
        )
        trials: tuple[Trial, ...] = ()
        if asked.proves and not (session.lost or interrupted):
            trials = (
                RewriteTrial(session, facts, timeout_ms=asked.timeout_ms),
                IndexTrials(of_server(session, facts, asked.pg_bin, stack, output), facts),
            )
        yield Told(facts=facts, trials=trials, lost=session.lost, interrupted=interrupted)


@contextmanager
def on_twin(
    path: Path, schema: Sequence[str], statements: Sequence[Statement], asked: Asked, target: str | None,
    connection: Connection, output: Output,
) -> Iterator[Told]:
    """The statements as a snapshot's source would plan them. Nothing is run. Raises AuditError."""
    from dbaudit.advisor.rewrites import RewriteTrial
    from dbaudit.cli.target import without_server
    from dbaudit.cli.trials import IndexTrials
    from dbaudit.cli.twins import explain_on, open_changed_twin, open_twin, session_on
    from dbaudit.lab.whatif import WhatIf
    from dbaudit.notes import about_twin
    from dbaudit.sources.snapshot import read

    without_server(target, connection)
    snapshot = read(path)
    with ExitStack() as stack:
        notes = about_twin(snapshot, str(path))
        if schema:
            twin, more = stack.enter_context(open_changed_twin(snapshot, schema, asked.pg_bin, output))
            notes += more
        else:
            twin = stack.enter_context(open_twin(snapshot, asked.pg_bin, output))
        session = stack.enter_context(session_on(twin))
        facts, interrupted = explain_on(session, snapshot, statements, asked.timeout_ms, asked.show_values, output)
        trials: tuple[Trial, ...] = ()
        if asked.proves and not (session.lost or interrupted):
            trials = (
                RewriteTrial(session, facts, timeout_ms=asked.timeout_ms),
                IndexTrials(lambda: stack.enter_context(WhatIf(twin)), facts),
            )
        yield Told(facts=facts, notes=notes, trials=trials, lost=session.lost, interrupted=interrupted)
