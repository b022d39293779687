"""The bytes and the statements of what a person names on the command line: a file, or - for standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

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


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A file, or standard input, to be read piece by piece. Raises AuditError where it cannot be read."""
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with open(path, "rb") as file:
            yield file
    except FileNotFoundError:
        raise AuditError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise AuditError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def statements(path: str) -> tuple[Statement, ...]:
    """The statements of a file or of standard input. Raises AuditError for what is no text of statements."""
    data = content(path, sqlfile.LARGEST_FILE_BYTES)
    return sqlfile.split(sqlfile.decode(data, called(path)), called(path))
