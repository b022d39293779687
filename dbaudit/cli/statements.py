"""From the files on the command line to explained statements, with progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from dbaudit.cli import files
from dbaudit.errors import AuditError, ServerGone
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.sources import sqlfile
from dbaudit.sources.paths import expanded
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.postgres.plan_facts import facts_about
from dbaudit.sources.postgres.session import Session


def read_files(paths: Iterable[str]) -> tuple[Statement, ...]:
    """The statements of all files, in order; a directory means its *.sql files.

    Raises AuditError where a file cannot be read, or where one that was named, or a whole directory, has no statement.
    """
    named = tuple(paths)
    statements: list[Statement] = []
    for path in expanded(named, suffixes=(".sql",)):
        found = files.statements(path)
        if not found and path in named:
            raise AuditError(f"{path}: no statement in it")
        statements += found
    if not statements:
        raise AuditError(f"{', '.join(named)}: no statement in it")
    return sqlfile.distinct(statements)


def explain_all(
    session: Session,
    statements: Sequence[Statement],
    *,
    analyze: bool,
    timeout_ms: int,
    quiet: bool,
    show_values: bool = False,
    runs: int = 1,
) -> tuple[Facts, bool]:
    """The statements explained, with what the checks need to know of their relations, and whether Ctrl-C cut it short.

    Where the server goes away, what was learnt until then is in the facts and `session.lost` says so.
    """
    rows: list[Explained] = []
    interrupted = False
    try:
        results = explain(
            session, statements, analyze=analyze, timeout_ms=timeout_ms, show_values=show_values, runs=runs
        )
        for row in _tracked(results, len(statements), shown=not quiet and sys.stderr.isatty()):
            rows.append(row)
    except KeyboardInterrupt:
        interrupted = True
    except ServerGone:
        pass
    reason = session.lost or "interrupted"
    rest = [Explained(statement=statement, how=How.NOT_RUN, reason=reason) for statement in statements[len(rows) :]]
    return facts_about(session, (*rows, *rest)), interrupted


def _tracked(results: Iterator[Explained], total: int, *, shown: bool) -> Iterator[Explained]:
    if not shown:
        yield from results
        return
    try:
        for number, result in enumerate(results, start=1):
            print(f"\r\x1b[K{number}/{total} statements", end="", file=sys.stderr, flush=True)
            yield result
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
