"""What a person names on the command line: a file to read, or - for standard input, and a file to write."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Statement
from dbaudit.sources import sqlfile
from dbaudit.sources.paths import STDIN


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


def write_whole(name: str, text: str) -> None:
    """Writes a file, whole or not at all. Raises AuditError where it cannot."""
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")
            return
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise AuditError(f"{name} cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
