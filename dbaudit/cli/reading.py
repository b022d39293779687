"""From paths to what the statements of the files say: in this process, or in several where there is much to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dbaudit.cli import files
from dbaudit.errors import AuditError
from dbaudit.facts.statement_text import StatementText
from dbaudit.sources.paths import STDIN
from dbaudit.sources.sqlfile import distinct
from dbaudit.sources.sqltext import read

# Below, other processes take longer to start than this one to read: some 2 MB a second.
MUCH_BYTES = 2 << 20

_Outcome = tuple[StatementText, ...] | str


def read_texts(paths: Sequence[str], *, processes: int | None = None) -> tuple[tuple[StatementText, ...], list[str]]:
    """What each statement of the files says, in order, and why some files cannot be read.

    `processes` is how many may be at it: as many as there are cores where there is much to read, if not given.
    """
    count = _useful_processes(paths) if processes is None else processes
    outcomes = list(_read_by_many(paths, count) if count > 1 else map(_read, paths))
    failures = [outcome for outcome in outcomes if isinstance(outcome, str)]
    return _distinct([text for outcome in outcomes if not isinstance(outcome, str) for text in outcome]), failures


def _read(path: str) -> _Outcome:
    try:
        return read(files.statements(path))
    except AuditError as error:
        return str(error)


def _distinct(texts: Sequence[StatementText]) -> tuple[StatementText, ...]:
    statements = distinct(text.statement for text in texts)
    return tuple(
        text if text.statement is statement else replace(text, statement=statement)
        for text, statement in zip(texts, statements)
    )


def _useful_processes(paths: Sequence[str]) -> int:
    if len(paths) < 2 or STDIN in paths or sum(map(_size_bytes, paths)) < MUCH_BYTES:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, len(paths))


def _size_bytes(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _read_by_many(paths: Sequence[str], count: int) -> Iterable[_Outcome]:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return list(_in_pool(paths, count))
    except (OSError, NotImplementedError, BrokenProcessPool):
        # A system may have no semaphores for us, or end a process of ours.
        return map(_read, paths)


def _in_pool(paths: Sequence[str], count: int) -> Iterator[_Outcome]:
    from concurrent.futures import ProcessPoolExecutor

    # The largest files first: the last to be read is not what all others wait for.
    order = sorted(range(len(paths)), key=lambda place: -_size_bytes(paths[place]))
    pool = ProcessPoolExecutor(count, initializer=_leave_interrupts_to_the_parent)
    try:
        chunk = max(1, len(paths) // (count * 8))
        results = dict(zip(order, pool.map(_read, [paths[place] for place in order], chunksize=chunk)))
    finally:
        pool.shutdown(cancel_futures=True)
    yield from (results[place] for place in range(len(paths)))


def _leave_interrupts_to_the_parent() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
