"""What a person names on the command line: a file to read, or - for standard input, and a file to write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

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


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file, or standard input, to be read piece by piece. Raises AuditError where it cannot be read."""
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise AuditError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise AuditError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    with file:
        yield file


def statements(path: str) -> tuple[Statement, ...]:
    """The statements of a file or of standard input. Raises AuditError for what is no text of statements."""
    data = content(path, sqlfile.LARGEST_FILE_BYTES)
    return sqlfile.split(sqlfile.decode(data, called(path)), called(path))


def write_whole(name: str, text: Iterable[str]) -> None:
    """Writes the pieces of a text to a file, whole or not at all. Raises AuditError where it cannot."""
    import tempfile
    from pathlib import Path

    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as file:
                file.writelines(text)
            return
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.writelines(text)
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
