"""Ends a lab server that a snapshot's statements keep busy, or fill with data: the file may be hostile."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType

from dbaudit.lab.server import LabServer

_LOOK_EVERY_S = 0.5
_BLOCK_BYTES = 512


class Guard:
    """While this block runs, a server that works longer than `longest_s` or occupies more than `most_bytes` is killed.

    `reason` says which of the two, or is empty.
    """

    def __init__(self, server: LabServer, longest_s: float, most_bytes: int) -> None:
        self.reason = ""
        self._server, self._most_bytes, self._longest_s = server, most_bytes, longest_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Guard:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        deadline = time.monotonic() + self._longest_s
        while not self._is_over.wait(_LOOK_EVERY_S):
            if time.monotonic() > deadline:
                self.reason = f"its statements are still running after {self._longest_s:.0f} s"
            elif occupied_bytes(self._server.directory) > self._most_bytes:
                self.reason = f"its statements fill the disk with more than {self._most_bytes // 1024**2} MB"
            if self.reason:
                self._server.kill()
                return


def occupied_bytes(directory: Path) -> int:
    """The disk that everything in `directory` really takes up."""
    total = 0
    for place, _, files in os.walk(directory):
        for file in files:
            try:
                total += os.lstat(os.path.join(place, file)).st_blocks * _BLOCK_BYTES
            except OSError:
                continue
    return total
