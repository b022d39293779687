"""From a snapshot's file to a session on its twin, with what a person should be told about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dbaudit.cli.choices import Output
from dbaudit.cli.say import say
from dbaudit.cli.statements import explain_all
from dbaudit.facts import Facts
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import Snapshot
from dbaudit.facts.statement import Explained, Statement
from dbaudit.lab import twin, twin_changes
from dbaudit.lab.binaries import nearest
from dbaudit.lab.signals import exiting_on_termination
from dbaudit.lab.twin import Twin
from dbaudit.notes import about_changes
from dbaudit.sources import migrations
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.explain import NOT_ANALYZED
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.snapshot_facts import of_source

PLANNED = "planned on the twin"


@contextmanager
def open_twin(snapshot: Snapshot, pg_bin: Path | None, output: Output) -> Iterator[Twin]:
    """A twin of the snapshot, gone in the end. What of the snapshot is not in it is said on stderr."""
    source = next(iter(snapshot.facts.get(Server)))
    with exiting_on_termination(), twin.build(snapshot, nearest(source.major, pg_bin)) as made:
        if not output.quiet:
            _tell(made, verbose=output.verbose)
        yield made


@contextmanager
def open_changed_twin(
    snapshot: Snapshot, schema: Sequence[str], pg_bin: Path | None, output: Output
) -> Iterator[tuple[Twin, tuple[str, ...]]]:
    """A twin with the schema that these files make of it, and what came of them, in sentences. Raises AuditError."""
    changes = migrations.read(schema)
    source = next(iter(snapshot.facts.get(Server)))
    with exiting_on_termination():
        made, applied = twin_changes.build(snapshot, changes, nearest(source.major, pg_bin))
        with made:
            if not output.quiet:
                _tell(made, verbose=output.verbose)
            yield made, about_changes(
                ", ".join(schema), applied.done, applied.there, changes.passed_over, tuple(applied.failed)
            )


def explain_on(
    session: Session, snapshot: Snapshot, statements: Sequence[Statement], timeout_ms: int, show_values: bool, output: Output
) -> tuple[Facts, bool]:
    """The statements as the snapshot's source would plan them, with what it knows of their relations; and whether Ctrl-C
    cut it short. The session is on the twin. Nothing is run."""
    facts, interrupted = explain_all(
        session, statements, analyze=False, timeout_ms=timeout_ms, show_values=show_values, quiet=output.quiet
    )
    rows = tuple(_told(row) for row in facts[Explained])
    return of_source(facts.merged(Facts({Explained: rows})), snapshot), interrupted


def _told(row: Explained) -> Explained:
    return replace(row, reason=PLANNED) if row.reason == NOT_ANALYZED else row


@contextmanager
def session_on(made: Twin) -> Iterator[Session]:
    """A session on a twin, as a role that is no superuser."""
    session = Session(connect(Address(conninfo=made.conninfo())))
    try:
        yield session
    finally:
        session.close()


def _tell(made: Twin, *, verbose: bool) -> None:
    """What the twin has not, or has otherwise. That it is of another major is a note in the report."""
    others = [omission for omission in made.omissions if omission.kind != "server"]
    if others:
        count = f"{len(others)} object{'' if len(others) == 1 else 's'}"
        say(f"not in the twin, or not as on the source: {count}{'' if verbose else '; -v lists them'}")
    for omission in others if verbose else ():
        say(f"  {omission.kind} {omission.name}: {omission.reason}")
