"""From the paths on a command line to files: directories and patterns that the shell did not expand."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable

from dbaudit.errors import AuditError

STDIN = "-"


def expanded(paths: Iterable[str], *, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """The files that the paths mean, each once, in the order given.

    A directory means all files below it whose names end in one of `suffixes`, sorted; hidden files and directories and
    what symbolic links lead to are left out. A pattern (`*`, `?`, `[`; `**` for any number of directories) means what
    it matches, sorted, where no file has that very name. Raises AuditError where a directory or a pattern means none.
    """
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_files(path, suffixes)))
    return tuple(found)


def _files(path: str, suffixes: tuple[str, ...]) -> list[str]:
    if path == STDIN or os.path.isfile(path):
        return [path]
    if os.path.isdir(path):
        return _below(path, suffixes)
    if not os.path.exists(path) and glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            raise AuditError(f"{path}: no file matches")
        files = [match for match in matches if not os.path.isdir(match)]
        return files or [file for match in matches for file in _below(match, suffixes)]
    return [path]


def _below(directory: str, suffixes: tuple[str, ...]) -> list[str]:
    files: list[str] = []

    def refuse(error: OSError) -> None:
        raise AuditError(f"{error.filename} cannot be read: {error.strerror}")

    for folder, folders, names in os.walk(directory, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [os.path.join(folder, name) for name in names if _is_meant(name, suffixes)]
    if not files:
        raise AuditError(f"{directory} has no {' or '.join(suffixes)} file in it")
    return sorted(files)


def _is_meant(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes) and not name.startswith(".")
