"""Ends us by an exception where a signal would end us without one, so that a server is stopped before we are gone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_TERMINATING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def exiting_on_termination() -> Iterator[None]:
    """SIGTERM and SIGHUP raise SystemExit(128 + signal) inside this block; one that was ignored (nohup) stays ignored.

    For the main thread only, as signal handlers are. The watcher cleans up without this too, but a moment later.
    """
    before = {number: signal.getsignal(number) for number in _TERMINATING}
    try:
        for number in _TERMINATING:
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, _exit)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
