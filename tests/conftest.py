"""Real servers for the tests: PostgreSQL 14 to 18, started once, a database of its own for each test."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbaudit.lab.server import LabServer, start
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

MAJORS = (14, 15, 16, 17, 18)
_PACKAGES = Path(__file__).parent / "servers" / "node_modules"
_numbers = itertools.count()


def bin_directory(major: int) -> Path:
    """The bin directory of a major. The packages' library links are made here: npm may be told to run no scripts."""
    package = _PACKAGES / f"pg{major}"
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target = package / link["target"]
        if not target.is_symlink():
            target.symlink_to((package / link["source"]).name)
    return package / "native" / "bin"


class Database:
    """A database that a test may do anything with, and a superuser's connection to it."""

    def __init__(self, server: LabServer, major: int, name: str) -> None:
        self.server, self.major, self.name = server, major, name
        self.admin = psycopg.connect(server.conninfo(name), autocommit=True)

    def conninfo(self, user: str = "postgres") -> str:
        return self.server.conninfo(self.name, user)

    def session(self, user: str = "postgres") -> Session:
        return Session(connect(Address(conninfo=self.conninfo(user))))

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.admin.execute(statement)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, LabServer]]:
    """All five majors, up for the whole run."""
    running: dict[int, LabServer] = {}
    try:
        for major in MAJORS:
            running[major] = start(bin_directory(major))
        yield running
    finally:
        for server in running.values():
            server.stop()


@pytest.fixture(params=MAJORS, ids=lambda major: f"pg{major}")
def database(request: pytest.FixtureRequest, servers: dict[int, LabServer]) -> Iterator[Database]:
    """An empty database on each of the five majors in turn, dropped afterwards."""
    yield from _fresh(servers[request.param], request.param)


@pytest.fixture
def newest(servers: dict[int, LabServer]) -> Iterator[Database]:
    """An empty database on the newest major, for what does not depend on the version."""
    yield from _fresh(servers[MAJORS[-1]], MAJORS[-1])


def _fresh(server: LabServer, major: int) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(f"create database {name}")
        database = Database(server, major, name)
        try:
            yield database
        finally:
            database.admin.close()
            admin.execute(f"drop database {name} with (force)")
