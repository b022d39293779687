"""From what a person names to SQL files: files as they are, directories with all that is in them, and globs."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable

from dbaudit.errors import AuditError

_MAGIC = frozenset("*?[")


def sql_files(names: Iterable[str]) -> list[str]:
    """The files, each once: a directory stands for the *.sql below it, in order, hidden directories left out.

    `-` stands for itself. Raises AuditError for what is not there, and for a directory or glob that holds no SQL file.
    """
    found: dict[str, None] = {}
    for name in names:
        if os.path.isdir(name):
            below = list(_below(name))
        elif name == "-" or os.path.exists(name) or not _MAGIC & set(name):
            below = [name]
        else:
            below = [path for path in sorted(glob.glob(name, recursive=True)) if not os.path.isdir(path)]
        if not below:
            raise AuditError(f"{name}: no SQL file there", "name files, or directories with *.sql in them")
        found |= dict.fromkeys(below)
    return list(found)


def _below(directory: str) -> Iterable[str]:
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(names) if name.lower().endswith(".sql"))
