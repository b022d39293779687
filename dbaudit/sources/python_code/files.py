"""Which Python files of a directory belong to the application, and their bytes."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from dbaudit.errors import AuditError

# A module written by a person is a thousandth of this; what is larger is data or generated.
LARGEST_FILE_BYTES = 4 << 20

_ENVIRONMENTS = frozenset(["site-packages", "dist-packages", "node_modules", "__pycache__", "venv", "virtualenv"])
_NOT_SERVED = frozenset(["test", "tests", "migrations"])
_TEST_FILE = re.compile(r"(test_.*|.*_test|tests?|conftest|noxfile|setup)\.py$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files to read, sorted, and how many of the same directories are tests, migrations or an environment's."""

    paths: tuple[str, ...]
    left_out_count: int = 0


def python_files(paths: Iterable[str]) -> Found:
    """The files that the paths mean, each once.

    A directory means the *.py files below it but hidden ones, tests, migrations and virtual environments; what symbolic
    links lead to is left out. A file that is named is read whatever it is called. A pattern means what it matches.
    Raises AuditError for what does not exist, and where nothing is left.
    """
    files: dict[str, None] = {}
    left_out = 0
    named = tuple(paths)
    for path in (each for name in named for each in _matches(name)):
        if os.path.isdir(path):
            below, others = _below(path)
            files.update(dict.fromkeys(below))
            left_out += others
        else:
            files[path] = None
    if not files:
        hint = (
            f"{left_out} of tests or migrations can be named one by one"
            if left_out
            else "give the application's directory"
        )
        raise AuditError(f"{', '.join(named)}: no Python file to read", hint)
    return Found(paths=tuple(files), left_out_count=left_out)


def content(path: str) -> bytes:
    """A file's bytes. Raises ValueError with the reason where it is not a file of reasonable size that can be read."""
    try:
        if not os.path.isfile(path):
            raise ValueError("it is not a file")
        if os.path.getsize(path) > LARGEST_FILE_BYTES:
            raise ValueError(f"it is larger than {LARGEST_FILE_BYTES >> 20} MB")
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ValueError((error.strerror or str(error)).lower()) from None


def _matches(path: str) -> list[str]:
    if os.path.lexists(path):
        return [path]
    matches = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []
    if not matches:
        raise AuditError(f"{path}: no such file or directory")
    return matches


def _below(directory: str) -> tuple[list[str], int]:
    files: list[str] = []
    left_out = 0

    def refuse(error: OSError) -> None:
        raise AuditError(f"{error.filename} cannot be read: {error.strerror}")

    for folder, folders, names in os.walk(directory, onerror=refuse):
        folders[:] = sorted(name for name in folders if not _is_foreign(folder, name))
        modules = [name for name in names if name.endswith(".py") and not name.startswith(".")]
        if _NOT_SERVED.isdisjoint(os.path.relpath(folder, directory).split(os.sep)) and not _is_of_alembic(folder):
            kept = [name for name in modules if not _TEST_FILE.fullmatch(name)]
        else:
            kept = []
        left_out += len(modules) - len(kept)
        files += [os.path.join(folder, name) for name in sorted(kept)]
    return [file for file in files if not os.path.islink(file)], left_out


def _is_of_alembic(folder: str) -> bool:
    """Whether it holds Alembic's revisions: `versions`, beside the env.py that runs them."""
    above, name = os.path.split(folder)
    return name == "versions" and os.path.exists(os.path.join(above, "env.py"))


def _is_foreign(folder: str, name: str) -> bool:
    return name.startswith(".") or name in _ENVIRONMENTS or os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
