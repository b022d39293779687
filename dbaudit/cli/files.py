"""The bytes and the statements of what a person names on the command line: a file, or - for standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Statement
from dbaudit.sources import sqlfile
from dbaudit.sources.paths import STDIN


def separate_target(arguments: Sequence[str], command: str) -> tuple[list[str], str | None]:
    """The files, and the connection string among them, if there is one: it has `://` or `=` and is no file.

    Raises AuditError, with an example of the command, where no file is left.
    """
    targets = [argument for argument in arguments if ("://" in argument or "=" in argument) and not os.path.exists(argument)]
    files = [argument for argument in arguments if argument not in targets]
    if not files or len(targets) > 1:
        raise AuditError(
            "no file of statements is given" if not files else "more than one database is given",
            f"dbaudit {command} queries.sql postgresql://user@host/db",
        )
    return files, targets[0] if targets else None


def called(path: str) -> str:
    """What a reader calls it."""
    return "<stdin>" if path == STDIN else path


def content(path: str, largest: int) -> bytes:
    """The bytes of a file or of standard input, up to one more than `largest`. Raises AuditError where it cannot be read."""
    return sys.stdin.buffer.read(largest + 1) if path == STDIN else sqlfile.content(path, largest)


def statements(path: str) -> tuple[Statement, ...]:
    """The statements of a file or of standard input. Raises AuditError for what is no text of statements."""
    data = content(path, sqlfile.LARGEST_FILE_BYTES)
    return sqlfile.split(sqlfile.decode(data, called(path)), called(path))
