"""dbaudit as a user runs it: a process, its streams and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

_LEFT_OUT = ("PG", "DATABASE_URL", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM")


@pytest.fixture
def environment() -> dict[str, str]:
    """This environment without anything that steers a connection or the screen."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}


@pytest.fixture
def dbaudit(environment):
    """Runs dbaudit with these arguments; text in and out."""

    def run(*arguments: object, env: Mapping[str, str] | None = None, stdin: str | None = None, **more):
        return subprocess.run(
            [sys.executable, "-m", "dbaudit", *map(str, arguments)],
            env=environment | dict(env or {}),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output="stdout" not in more,
            text=True,
            timeout=120,
            **more,
        )

    return run
