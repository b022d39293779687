"""Where the plans of `explain` come from: a server, a snapshot's twin, or files of plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbaudit.cli.choices import Connection, Explaining, Output
from dbaudit.facts import Facts
from dbaudit.facts.statement import Statement

if TYPE_CHECKING:
    from dbaudit.advisor.proof import Trial
    from dbaudit.sources.postgres.session import Session


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


@contextmanager
def on_server(
    statements: Sequence[Statement], wanted: Explaining, target: str | None, connection: Connection, output: Output
) -> Iterator[Told]:
    """The statements explained on the server that the options name. Raises ConnectionFailed."""
    from dbaudit.advisor.rewrites import RewriteTrial
    from dbaudit.cli.statements import explain_all
    from dbaudit.cli.target import open_session
    from dbaudit.cli.trials import IndexTrials, of_server

    with ExitStack() as stack:
        session = stack.enter_context(open_session(target, connection, output))
        measuring = _measuring(wanted, session, statements, stack)
        facts, interrupted = explain_all(
            session, statements, analyze=not wanted.no_analyze, timeout_ms=wanted.timeout_ms,
            show_values=wanted.show_values, runs=wanted.runs or 1, quiet=output.quiet,
        )
        trials: tuple[Trial, ...] = ()
        if not wanted.no_proof and not (session.lost or interrupted):
            trials = (
                *measuring(facts),
                RewriteTrial(session, facts, timeout_ms=wanted.timeout_ms),
                IndexTrials(of_server(session, facts, wanted.pg_bin, stack, output), facts, session),
            )
        yield Told(facts=facts, trials=trials, lost=session.lost, interrupted=interrupted)


def _measuring(
    wanted: Explaining, session: Session, statements: Sequence[Statement], stack: ExitStack
) -> Callable[[Facts], tuple[Trial, ...]]:
    """What makes the trial on a copy, which is opened at once; none where no copy is named. Raises AuditError."""
    if not wanted.prove_on:
        return lambda facts: ()
    from dbaudit.advisor.measured import MeasuredTrial
    from dbaudit.cli.copies import open_copy

    copy = stack.enter_context(open_copy(wanted.prove_on, session, wanted.timeout_ms))
    return lambda facts: (MeasuredTrial(copy, statements, facts),)


@contextmanager
def on_twin(
    statements: Sequence[Statement], wanted: Explaining, target: str | None, connection: Connection, output: Output
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
    assert wanted.snapshot
    snapshot = read(wanted.snapshot)
    with ExitStack() as stack:
        notes = about_twin(snapshot, str(wanted.snapshot))
        if wanted.schema:
            twin, more = stack.enter_context(open_changed_twin(snapshot, wanted.schema, wanted.pg_bin, output))
            notes += more
        else:
            twin = stack.enter_context(open_twin(snapshot, wanted.pg_bin, output))
        notes += tuple(f"the source is {each.name}: {each.reason}" for each in twin.omissions if each.kind == "server")
        session = stack.enter_context(session_on(twin))
        facts, interrupted = explain_on(session, snapshot, statements, wanted.timeout_ms, wanted.show_values, output)
        trials: tuple[Trial, ...] = ()
        if not wanted.no_proof and not (session.lost or interrupted):
            trials = (
                RewriteTrial(session, facts, timeout_ms=wanted.timeout_ms),
                IndexTrials(lambda: stack.enter_context(WhatIf(twin)), facts),
            )
        yield Told(facts=facts, notes=notes, trials=trials, lost=session.lost, interrupted=interrupted)
