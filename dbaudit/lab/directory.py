"""Where a throwaway server keeps its files: short enough for a socket, and in memory where there is room."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path

from dbaudit.errors import AuditError
from dbaudit.lab.account import Account

MEMORY = Path("/dev/shm")
_MEMORY_NEEDED_BYTES = 2 * 1024**3
# sun_path holds 107 bytes on Linux and 103 on macOS (unix(7), unix(4)); the socket's name and ours come out of them.
_LONGEST_PLACE_BYTES = 103 - len("/dbaudit-0123456789abcdef/.s.PGSQL.5432")


def new_path(account: Account) -> Path:
    """A path for a new directory, which nobody can guess, where `account` can work. Nothing is made yet.

    Raises AuditError where no place will do.
    """
    places = [Path(tempfile.gettempdir()), Path("/tmp")]
    if _has_room(MEMORY):
        places.insert(0, MEMORY)
    for place in places:
        if _will_do(place, account):
            return place / f"dbaudit-{secrets.token_hex(8)}"
    tried = ", ".join(dict.fromkeys(map(str, places)))
    raise AuditError(f"no place for an embedded server's files (tried {tried})", "set TMPDIR to a writable directory")


def _has_room(place: Path) -> bool:
    try:
        space = os.statvfs(place)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize >= _MEMORY_NEEDED_BYTES


def _will_do(place: Path, account: Account) -> bool:
    # The path stands in a list of socket directories and in a line of the watcher's input: plain characters only.
    to_root = (place.resolve(), *place.resolve().parents)
    return (
        place.is_absolute()
        and len(os.fsencode(place)) <= _LONGEST_PLACE_BYTES
        and re.fullmatch(r"[\w/.+-]+", str(place)) is not None
        and os.access(place, os.W_OK | os.X_OK)
        and (account.uid is None or all(path.stat().st_mode & 0o001 for path in to_root))
        and not (account.needs_copy and os.statvfs(place).f_flag & getattr(os, "ST_NOEXEC", 0))
    )
