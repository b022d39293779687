"""Starts and stops a throwaway PostgreSQL: a directory and a socket of its own, no TCP, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from dbaudit.errors import AuditError

# Durability is of no use to data that dies with the process; autovacuum would change plans between two looks.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "listen_addresses": ""}
_START_TIMEOUT_S = 30


class LabServer:
    """A running throwaway server. Use it as a context manager: leaving it stops the server and removes its files."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        self.directory = directory
        self._process = process

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """A libpq connection string for a database of this server."""
        return f"host={self.directory} port=5432 dbname={dbname} user={user}"

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> LabServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(bin_directory: Path, settings: Mapping[str, str] | None = None) -> LabServer:
    """A new, empty server from the binaries in `bin_directory`, ready for connections, with `settings` on top of ours.

    Raises AuditError where initdb or the server fails, with the last line of what it said.
    """
    directory = Path(tempfile.mkdtemp(prefix="dbaudit-", dir="/tmp"))
    data = directory / "data"
    as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(directory, "nobody", "nogroup")
    initdb = [bin_directory / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "--locale=C.UTF-8", "-E", "UTF8"]
    made = subprocess.run(initdb, capture_output=True, cwd=directory, **as_user)
    if made.returncode:
        shutil.rmtree(directory, ignore_errors=True)
        raise AuditError(f"initdb failed: {_last_line(made.stderr)}")
    options = [f"--{name}={value}" for name, value in {**_SETTINGS, **(settings or {})}.items()]
    log = (directory / "log").open("wb")
    process = subprocess.Popen(
        [bin_directory / "postgres", "-D", data, "-k", directory, *options],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory, start_new_session=True, **as_user,
    )
    server = LabServer(directory, process)
    _wait_until_ready(server, process)
    return server


def _wait_until_ready(server: LabServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(server.conninfo()).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                said = _last_line((server.directory / "log").read_bytes())
                server.stop()
                raise AuditError(f"the embedded server did not start: {said}") from None
            time.sleep(0.01)


def _last_line(output: bytes) -> str:
    return output.decode("utf-8", "replace").strip().rpartition("\n")[2]
