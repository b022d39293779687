"""Starts and stops a throwaway PostgreSQL: a directory and a socket of its own, no TCP, nothing left behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dbaudit.errors import AuditError
from dbaudit.lab.account import Account, choose, copy_binaries
from dbaudit.lab.directory import new_path
from dbaudit.lab.watcher import Watcher

# Durability is of no use to data that dies with the process; autovacuum would change plans between two looks; shared
# memory for parallel queries lies in the server's own directory, so that even a killed server leaves none.
_SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "autovacuum": "off", "listen_addresses": "", "port": "5432",
    "dynamic_shared_memory_type": "mmap", "logging_collector": "off", "log_destination": "stderr",
}
_LOCALE = "C.UTF-8" if sys.platform == "linux" else "C"
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 10


class LabServer:
    """A running throwaway server. Use it as a context manager: leaving it stops the server and removes its files.

    Its files go with this object and with this process too, whatever ends them.
    """

    def __init__(
        self, directory: Path, process: subprocess.Popen[bytes], watcher: Watcher, account: Account,
        run: Callable[[], subprocess.Popen[bytes]],
    ) -> None:
        self.directory = directory
        self._process = process
        self._watcher = watcher
        self._account = account
        self._run = run

    def conninfo(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """A libpq connection string for a database of this server, which PGHOSTADDR and PGOPTIONS do not bend."""
        return f"host={self.directory} port=5432 dbname={_quoted(dbname)} user={_quoted(user)} hostaddr='' options=''"

    def has_ended(self) -> bool:
        """Whether the server is gone, stopped by us or by somebody else."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Until the server ends, by itself or because somebody stopped it."""
        self._process.wait()

    def kill(self) -> None:
        """Ends the server at once, in the middle of whatever it does. It is not cleaned up before `stop`."""
        self._process.send_signal(signal.SIGQUIT)

    @contextmanager
    def stopped(self) -> Iterator[Path]:
        """Inside this block the server is shut down, and its data directory, which this yields, may be written to.

        It is up again afterwards, with the same settings, and owns the files that were made. Raises AuditError where it
        does not start again.
        """
        _end(self._process)
        yield self.directory / "data"
        self._account.owns(self.directory / "data")
        self._process = self._run()
        self._watcher.also_stop(self._process.pid)
        _wait_until_ready(self)

    def stop(self) -> None:
        """Stops the server, waits for its end and removes its files. Harmless where it is stopped already."""
        try:
            _end(self._process)
            shutil.rmtree(self.directory, ignore_errors=True)
        finally:
            self._watcher.finish()

    def __enter__(self) -> LabServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    bin_directory: Path, settings: Mapping[str, str] | None = None, initdb_options: Sequence[str] = ()
) -> LabServer:
    """A new, empty server from the binaries in `bin_directory`, ready for connections, with `settings` on top of ours.

    `initdb_options` are initdb's own, behind ours.
    Start it from the main thread: the kernel's own guard against orphans is tied to the thread that starts it.
    Raises AuditError where initdb or the server fails, with what it said.
    """
    account = choose(bin_directory)
    watcher = Watcher()
    try:
        directory = new_path(account)
        watcher.watch(directory)
        directory.mkdir(mode=0o700)
        if account.needs_copy:
            bin_directory = copy_binaries(bin_directory, directory / "binaries")
        account.owns(directory)
        _initdb(account, bin_directory, directory, watcher, initdb_options)
        run = partial(_postgres, account, bin_directory, directory, dict(settings or {}))
        process = run()
        watcher.also_stop(process.pid)
        server = LabServer(directory, process, watcher, account, run)
        _wait_until_ready(server)
        return server
    except OSError as error:
        watcher.finish()
        raise AuditError(f"the embedded server could not be set up: {error}") from error
    except BaseException:
        watcher.finish()
        raise


def _initdb(
    account: Account, bin_directory: Path, directory: Path, watcher: Watcher, more_options: Sequence[str]
) -> None:
    command = [
        bin_directory / "initdb", "-D", directory / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
        f"--locale={_LOCALE}", "--no-sync", *more_options,
    ]
    process = _spawn(account, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=directory)
    watcher.also_stop(process.pid)
    output, _ = process.communicate()
    if process.returncode:
        raise AuditError(f"initdb of the embedded server failed: {_what_it_said(output)}")


def _postgres(
    account: Account, bin_directory: Path, directory: Path, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    options = [f"--{name}={value}" for name, value in {**_SETTINGS, **settings}.items()]
    with (directory / "log").open("wb") as log:
        command = [bin_directory / "postgres", "-D", directory / "data", "-k", directory, *options]
        return _spawn(account, command, stdout=log, stderr=log, cwd=directory)


def _spawn(account: Account, command: list[str | Path], **options: object) -> subprocess.Popen[bytes]:
    try:
        return account.spawn(command, **options)
    except OSError as error:
        raise AuditError(f"the embedded server's {command[0]} cannot be run: {error.strerror}") from error


def _wait_until_ready(server: LabServer) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    try:
        while not _is_ready(server.directory / "data" / "postmaster.pid"):
            if server.has_ended() or time.monotonic() > deadline:
                said = _what_it_said((server.directory / "log").read_bytes())
                raise AuditError(f"the embedded server did not start: {said}")
            time.sleep(0.005)
    except BaseException:
        server.stop()
        raise


def _is_ready(pid_file: Path) -> bool:
    """Line 8 of postmaster.pid is the server's state, "ready" when it takes connections (miscadmin.h, pg_ctl)."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _end(process: subprocess.Popen[bytes]) -> None:
    for way in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(way)
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"


def _what_it_said(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines() or ["nothing was said"]
    failures = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
    return (failures or lines)[-1].strip()
