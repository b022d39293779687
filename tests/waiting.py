"""Waits for a server to come to a state."""

import time

import psycopg


def wait_for(admin: psycopg.Connection, condition: str) -> None:
    """Returns when the query answers true. Fails after 20 seconds."""
    deadline = time.monotonic() + 20
    while admin.execute(condition).fetchone() != (True,):
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)
