"""Waits for a server, or for anything else, to come to a state."""

import time
from collections.abc import Callable

import psycopg


def wait_for(admin: psycopg.Connection, condition: str) -> None:
    """Returns when the query answers true. Fails after 20 seconds."""
    wait_until(lambda: admin.execute(condition).fetchone() == (True,), condition, seconds=20)


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    """Returns when `is_so` answers true. Fails after so many seconds, saying `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
