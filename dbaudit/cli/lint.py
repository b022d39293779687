"""`dbaudit lint`: the checks of the text of statements, on files, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dbaudit.cli.options import Output, command

if TYPE_CHECKING:
    from dbaudit.facts.statement import Statement


@command
def lint(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="SQL files, directories with *.sql, globs; - for stdin.")
    ],
    *,
    output: Output,
) -> None:
    """Checks SQL files, without a server.

    Looks at queries and data modification; definitions (CREATE, ALTER, DROP) are read over.
    """
    from dbaudit.cli.output import chosen, finish
    from dbaudit.engine import audit
    from dbaudit.errors import AuditError
    from dbaudit.facts import Facts
    from dbaudit.facts.statement_text import StatementText
    from dbaudit.notes import about_texts
    from dbaudit.sources.paths import expanded
    from dbaudit.sources.sqltext import read

    checks = tuple(check for check in chosen(output, "SQL") if check.needs == (StatementText,))
    if not checks:
        raise AuditError("what --select leaves needs a server", "dbaudit explain asks one")
    files = expanded(paths, suffixes=(".sql",))
    statements, failures = _statements(files)
    facts = Facts({StatementText: read(statements)})
    report = audit(
        command="lint",
        facts=facts,
        checks=checks,
        notes=about_texts(facts, len(files) - len(failures)),
        failure="; ".join(failures),
    )
    finish(report, output)


def _statements(paths: Iterable[str]) -> tuple[tuple[Statement, ...], list[str]]:
    """The statements of the files that can be read, and why the others cannot."""
    from dbaudit.cli import files
    from dbaudit.errors import AuditError
    from dbaudit.sources import sqlfile

    statements: list[Statement] = []
    failures: list[str] = []
    for path in paths:
        try:
            statements += files.statements(path)
        except AuditError as error:
            failures.append(str(error))
    return sqlfile.distinct(statements), failures
