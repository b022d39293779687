"""Who runs the embedded server. PostgreSQL refuses to be run by root, so root needs somebody else to be."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbaudit.errors import AuditError
from dbaudit.lab.binaries import NEEDED

_PR_SET_PDEATHSIG = 1
_OVERFLOW_ID = 65534


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How to run the server's programs: by which user id (ours where None), behind which command, and whether that
    user needs a copy of the binaries because the originals are closed to him."""

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()
    needs_copy: bool = False

    def spawn(self, command: Sequence[str | Path], **options: object) -> subprocess.Popen[bytes]:
        """Starts `command` as this account, in a session of its own, with no descriptor of ours but its stdio; on Linux
        it ends when we do. `options` are Popen's. Raises OSError where it cannot be started."""
        if self.uid is not None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(
            [*self.prefix, *command], stdin=subprocess.DEVNULL, start_new_session=True,
            env=_environment(), preexec_fn=_ends_with_us(), **options,
        )

    def owns(self, path: Path) -> None:
        """Gives `path` and everything below it to this account."""
        if self.uid is None:
            return
        for directory, _, files in os.walk(path):
            for name in (directory, *(os.path.join(directory, file) for file in files)):
                os.chown(name, self.uid, self.gid, follow_symlinks=False)


def choose(bin_directory: Path) -> Account:
    """The account that can run the programs in `bin_directory`: ourselves; for root, the user nobody where nobody can
    read them, else a user namespace in which we are somebody else, else nobody with a copy of them.

    Raises AuditError where PostgreSQL would refuse each of them.
    """
    ourselves, root = os.geteuid(), os.geteuid() == 0
    if not root and _exists(ourselves):
        return Account()
    nobody = _nobody() if root else None
    namespace = _namespace()
    for account in (nobody, namespace):
        if account and _runs(account, [[bin_directory / program, "--version"] for program in NEEDED]):
            return account
    if nobody and _runs(nobody, [["/bin/sh", "-c", ":"]]):
        return Account(uid=nobody.uid, gid=nobody.gid, needs_copy=True)
    who = "root" if root else f"the user id {ourselves}, which has no name"
    raise AuditError(f"PostgreSQL does not run as {who}, nor can another be used", "run dbaudit as an ordinary user")


def copy_binaries(bin_directory: Path, place: Path) -> Path:
    """Copies what a server needs of the installation around `bin_directory` into `place`; returns its new bin
    directory. A wheel keeps shared libraries beside the package, found by a relative path: they come along."""
    installation = bin_directory.parent
    package = installation.parent
    copied = place / package.name / installation.name
    for name in NEEDED:
        (copied / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy2(bin_directory / name, copied / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(installation / name, copied / name, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, place / libraries.name, symlinks=True)
    return copied / "bin"


def _nobody() -> Account | None:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _namespace() -> Account | None:
    unshare = shutil.which("unshare")
    if sys.platform != "linux" or not unshare or not _exists(_OVERFLOW_ID):
        return None
    return Account(prefix=(unshare, "-U", f"--map-user={_OVERFLOW_ID}", f"--map-group={_OVERFLOW_ID}"))


def _exists(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _runs(account: Account, commands: Sequence[Sequence[str | Path]]) -> bool:
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        started = [account.spawn(command, **quiet) for command in commands]
    except (OSError, subprocess.SubprocessError):
        return False
    return all([process.wait() == 0 for process in started])


def _environment() -> dict[str, str]:
    # PGPORT and its like would become settings of the server. Messages are English, since they are quoted to the
    # reader, and the time zone is everybody's, so that a lab is the same everywhere.
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return ours | {"LC_ALL": "C", "TZ": "UTC"}


def _ends_with_us() -> Callable[[], None] | None:
    """What a child does before it becomes the program, so that the kernel ends it with us. The kernel's signal comes at
    the end of the *thread* that started the child (prctl(2)), so only the main thread's children get it."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def ask_for_it() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_it
