"""From files of plans to the facts that the checks of plans need, with a server or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dbaudit.cli.choices import Connection, Output
from dbaudit.cli.files import called, opened
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources import paths, plans, sqlfile

_SUFFIXES = (".json", ".yaml", ".yml", ".txt", ".plan", ".log", ".csv")
_NO_SERVER = Missing(
    reason="a plan does not hold what this needs of the catalog",
    remedy="name the database beside the plans: dbaudit explain --plan FILE postgresql://user@host/db",
)
_NO_TEXT = Missing(reason="a plan was read, and not the statement", remedy="dbaudit explain the SQL file itself")


def plan_facts(
    files: Iterable[str], target: str | None, connection: Connection, output: Output
) -> tuple[Facts, tuple[str, ...]]:
    """The plans of all files, and where a database is named what its catalog says of the relations in them; and what a
    reader must know of how far they were read.

    Raises AuditError where a file holds no plan, ConnectionFailed where the database that is named cannot be reached.
    """
    read, notes = _read(files)
    rows = tuple(_distinct(read))
    without_text = Facts({StatementText: _NO_TEXT})
    if not (target or connection.dbname or connection.host or connection.port or connection.username):
        facts = Facts({Explained: rows, Table: _NO_SERVER, Index: _NO_SERVER, Column: _NO_SERVER})
        return facts.merged(without_text), notes
    from dbaudit.cli.target import open_session
    from dbaudit.sources.postgres.plan_facts import facts_about_plans

    with open_session(target, connection, output) as session:
        return facts_about_plans(session, rows).merged(without_text), notes


def _read(files: Iterable[str]) -> tuple[list[Explained], tuple[str, ...]]:
    rows: list[Explained] = []
    notes: list[str] = []
    for path in paths.expanded(files, suffixes=_SUFFIXES):
        with opened(path) as file:
            reading = plans.read_file(file, called(path))
        rows += reading.explained
        if reading.left_out:
            total = len(reading.explained) + reading.left_out
            notes.append(
                f"{called(path)} holds {total:,} plans, of which {len(reading.explained):,} are looked at: the slowest, one of "
                "those that differ only in values and figures"
            )
    return rows, tuple(notes)


def _distinct(read: Sequence[Explained]) -> Iterator[Explained]:
    for row, statement in zip(read, sqlfile.distinct(row.statement for row in read)):
        yield row if statement is row.statement else replace(row, statement=statement)
