"""What `dbaudit lint` does once its command line is read. No import of it needs a driver before a server is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dbaudit.checks.registry import Check
from dbaudit.cli import files
from dbaudit.cli.choices import Connection, Output
from dbaudit.cli.output import chosen, finish
from dbaudit.cli.reading import read_texts
from dbaudit.engine import audit
from dbaudit.errors import AuditError
from dbaudit.facts import Facts
from dbaudit.facts.statement_text import StatementText
from dbaudit.notes import about_schema, about_texts
from dbaudit.sources.paths import expanded

if TYPE_CHECKING:
    from pathlib import Path


def lint_files(
    arguments: Sequence[str], connection: Connection, output: Output, snapshot: Path | None = None
) -> None:
    """Audits the files among the arguments and leaves with the exit code.

    Raises AuditError where there is nothing to audit, or no connection to a database that is named.
    """
    checks = tuple(check for check in chosen(output, "SQL") if check.needs == (StatementText,))
    if not checks:
        raise AuditError("what --select leaves needs a server", "dbaudit explain asks one")
    paths, target = files.separate_target(arguments, "lint")
    found = expanded(paths, suffixes=(".sql",))
    texts, failures = read_texts(found)
    facts = Facts({StatementText: texts})
    notes = about_texts(facts, len(found) - len(failures))
    if snapshot:
        from dbaudit.cli.target import without_server

        without_server(target, connection)
    if target or connection.dbname or connection.host or connection.port or connection.username:
        schema, lost = _schema(facts, checks, target, connection, output)
        facts, failures = facts.merged(schema), failures + ([lost] if lost else [])
        notes += about_schema(facts, dict.fromkeys(kind for check in checks for kind in check.uses()))
    elif snapshot:
        from dbaudit.sources.snapshot import read

        facts = read(snapshot).facts.merged(facts)
        notes += about_schema(facts, dict.fromkeys(kind for check in checks for kind in check.uses()))
    finish(audit(command="lint", facts=facts, checks=checks, notes=notes, failure="; ".join(failures)), output)


def _schema(
    facts: Facts, checks: Iterable[Check], target: str | None, connection: Connection, output: Output
) -> tuple[Facts, str]:
    """What the database knows of the relations that the statements name, and how it went away, if it did."""
    from dbaudit.cli.target import open_session
    from dbaudit.sources.postgres.schema_facts import schema_facts

    with open_session(target, connection, output) as session:
        texts = facts[StatementText] if any(check.uses() for check in checks) else ()
        return schema_facts(session, texts), session.lost
