"""From files of plans to the facts that the checks of plans need, with a server or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dbaudit.cli.files import called, content
from dbaudit.cli.options import Connection, Output
from dbaudit.errors import AuditError
from dbaudit.facts import Facts, Missing
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources import paths, plans, sqlfile

# Reading takes some twenty times the memory of the text.
LARGEST_FILE_BYTES = 128 << 20

_SUFFIXES = (".json", ".yaml", ".yml", ".txt", ".plan", ".log", ".csv")
_NO_SERVER = Missing(
    reason="a plan does not hold what this needs of the catalog",
    remedy="name the database beside the plans: dbaudit explain --plan FILE postgresql://user@host/db",
)
_NO_TEXT = Missing(reason="a plan was read, and not the statement", remedy="dbaudit explain the SQL file itself")


def plan_facts(files: Iterable[str], target: str | None, connection: Connection, output: Output) -> Facts:
    """The plans of all files, and where a database is named what its catalog says of the relations in them.

    Raises AuditError where a file holds no plan, ConnectionFailed where the database that is named cannot be reached.
    """
    rows = tuple(_distinct(_read(files)))
    without_text = Facts({StatementText: _NO_TEXT})
    if not (target or connection.dbname or connection.host or connection.port or connection.username):
        return Facts({Explained: rows, Table: _NO_SERVER, Index: _NO_SERVER, Column: _NO_SERVER}).merged(without_text)
    from dbaudit.cli.target import open_session
    from dbaudit.sources.postgres.plan_facts import facts_about_plans

    with open_session(target, connection, output) as session:
        return facts_about_plans(session, rows).merged(without_text)


def _read(files: Iterable[str]) -> Iterator[Explained]:
    for path in paths.expanded(files, suffixes=_SUFFIXES):
        data = content(path, LARGEST_FILE_BYTES)
        if len(data) > LARGEST_FILE_BYTES:
            raise AuditError(
                f"{called(path)} is larger than {LARGEST_FILE_BYTES >> 20} MB", "give the part of it that matters"
            )
        yield from plans.read(data, called(path))


def _distinct(rows: Iterator[Explained]) -> Iterator[Explained]:
    read = tuple(rows)
    for row, statement in zip(read, sqlfile.distinct(row.statement for row in read)):
        yield row if statement is row.statement else replace(row, statement=statement)
