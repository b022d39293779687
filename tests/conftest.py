"""Real servers for the tests: PostgreSQL 14 to 18, started once, a database of its own for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Generator, Iterator

import hypothesis
import psycopg
import pytest
from majors import MAJORS, PACKAGES, bin_directory, concerned, missing

from dbaudit.lab.server import LabServer, start
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

_numbers = itertools.count()

# PostgreSQL's ways around root are for root to test.
collect_ignore = [] if os.geteuid() == 0 else ["server/test_lab_as_root.py"]


# Nothing asserts on elapsed time, and a run finds tomorrow what it finds today.
hypothesis.settings.register_profile(
    "dbaudit", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("dbaudit")


def pytest_configure() -> None:
    """The caller's own connections do not steer the tests."""
    for name in list(os.environ):
        if name.startswith(("PG", "DBAUDIT_")) or name == "DATABASE_URL":
            del os.environ[name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of `database` runs on every major, or on those of its `pg` mark; no test is made for the others."""
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "database" in metafunc.fixturenames and not any("database" in names for names in chosen):
        limit = metafunc.definition.get_closest_marker("pg")
        majors = concerned(limit.args[0]) if limit else MAJORS
        metafunc.parametrize("database", majors, indirect=True, ids=[f"pg{major}" for major in majors])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What is skipped is not tested, so a skip is a failure here."""
    return _without_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _without_skips((yield))


def _without_skips(report: pytest.TestReport | pytest.CollectReport) -> pytest.TestReport | pytest.CollectReport:
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"A skip is a failure here: {report.longrepr}"
    return report


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


class Servers(dict[int, LabServer]):
    """The servers by their major. One is started when it is asked for first, and is up for the rest of the run."""

    def __missing__(self, major: int) -> LabServer:
        self[major] = start(bin_directory(major))
        return self[major]


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, LabServer]]:
    """All five majors."""
    if absent := missing():
        names = ", ".join(map(str, absent))
        pytest.fail(f"PostgreSQL {names} is not in {PACKAGES}: run the tests by python3 tests/run.py", pytrace=False)
    running = Servers()
    try:
        yield running
    finally:
        for server in running.values():
            server.stop()


@pytest.fixture
def database(request: pytest.FixtureRequest, servers: dict[int, LabServer]) -> Iterator[Database]:
    """An empty database on each of the five majors in turn, or on those of the mark `pg`; dropped afterwards."""
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
