"""Files as long as production's that occupy nothing: the planner asks a relation's file for its length, not for rows."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from dbaudit.errors import AuditError
from dbaudit.lab.btree_pages import PAGE_BYTES

# RELSEG_SIZE of every common build: 1 GiB.
SEGMENT_PAGES = 131_072
_PROBE_BYTES = 64 * 1024**2
_BLOCK_BYTES = 512


def require_sparse_files(directory: Path) -> None:
    """Raises AuditError where a file in `directory` occupies the space of what was never written to it."""
    probe = directory / f"probe-{secrets.token_hex(4)}"
    try:
        with probe.open("wb") as file:
            file.truncate(_PROBE_BYTES)
            file.flush()
            occupied = os.fstat(file.fileno()).st_blocks * _BLOCK_BYTES
    except OSError as error:
        raise AuditError(
            f"a file of {_PROBE_BYTES // 1024**2} MB cannot be made in {directory}: {error.strerror}",
            "set TMPDIR to a directory with room",
        ) from error
    finally:
        probe.unlink(missing_ok=True)
    if occupied > _PROBE_BYTES // 2:
        raise AuditError(
            f"the file system of {directory} has no sparse files, which relations of production's size need",
            "set TMPDIR to a directory on ext4, xfs, btrfs, apfs or tmpfs",
        )


def segments(pages: int) -> int:
    """How many files a relation of `pages` pages has."""
    return pages // SEGMENT_PAGES + 1


def extend(path: Path, pages: int) -> None:
    """Makes the relation whose first file is `path` `pages` pages long, in segments as the server keeps them. What is
    written in it stays; it never becomes shorter. Raises OSError."""
    full, rest = divmod(pages, SEGMENT_PAGES)
    owner = os.stat(path)
    for number in range(full):
        _lengthen(_segment(path, number), SEGMENT_PAGES, owner)
    if rest or not full:
        _lengthen(_segment(path, full), rest, owner)


def _segment(path: Path, number: int) -> Path:
    return path if number == 0 else path.with_name(f"{path.name}.{number}")


def _lengthen(path: Path, pages: int, owner: os.stat_result) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        there = os.fstat(file)
        if (there.st_uid, there.st_gid) != (owner.st_uid, owner.st_gid):
            os.fchown(file, owner.st_uid, owner.st_gid)
        if there.st_size < pages * PAGE_BYTES:
            os.ftruncate(file, pages * PAGE_BYTES)
    finally:
        os.close(file)
