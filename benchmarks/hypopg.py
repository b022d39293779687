"""Indexes on trial by hypopg and in a twin, against the same indexes really built.

Debian's hypopg for PostgreSQL 15 (`apt-get download postgresql-15-hypopg`) is put into a copy of the tests' PostgreSQL 15.
Usage: PYTHONPATH=.:tests:tests/server python benchmarks/hypopg.py PACKAGE.deb
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from majors import bin_directory
from test_whatif import ROWS, TRIED, cost

from dbaudit.lab import twin
from dbaudit.lab.server import start
from dbaudit.lab.whatif import WhatIf
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.hypopg import installed
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.snapshot import take

ROLE = (
    "create schema hypothetical",
    "create extension hypopg schema hypothetical",
    "create role auditor login",
    "grant pg_read_all_data, pg_monitor to auditor",
)


def with_hypopg(package: Path, directory: Path) -> Path:
    """A bin directory of a PostgreSQL 15 that has it."""
    native = directory / "native"
    shutil.copytree(bin_directory(15).parent, native, symlinks=True)
    subprocess.run(["dpkg-deb", "-x", package, directory], check=True)
    shutil.copy(directory / "usr/lib/postgresql/15/lib/hypopg.so", native / "lib/postgresql")
    for file in (directory / "usr/share/postgresql/15/extension").iterdir():
        shutil.copy(file, native / "share/postgresql/extension")
    directory.chmod(0o755)
    return native / "bin"


def main(package: str) -> None:
    """Prints a line for each index: costs, and milliseconds to make the candidate and take it back."""
    with tempfile.TemporaryDirectory() as directory, start(with_hypopg(Path(package), Path(directory))) as server:
        admin = psycopg.connect(server.conninfo(), autocommit=True)
        for text in (*ROLE, *ROWS):
            admin.execute(text)
        session = Session(connect(Address(conninfo=server.conninfo(user="auditor"))))
        hypopg = installed(session)
        print(f"{'index':64} {'none':>9} {'built':>9} {'twin':>9} {'hypopg':>9} {'kB':>6} {'twin':>6} {'hypopg':>6} {'ms':>5}")
        with twin.build(take(session), bin_directory(15)) as made, WhatIf(made) as whatif:
            planning = psycopg.connect(whatif.conninfo(), autocommit=True)
            for number, (form, text) in enumerate(TRIED):
                definition = form.format(f"tried_{number}")
                before = cost(admin, text)
                started = time.perf_counter()
                hypothetical = hypopg.create(definition)
                took_ms = (time.perf_counter() - started) * 1000
                with hypopg.showing([hypothetical]):
                    by_hypopg = cost(session.connection, text)
                assert cost(session.connection, text) == before
                candidate = whatif.create(definition)
                with whatif.showing([candidate]):
                    by_twin = cost(planning, text)
                admin.execute(definition)
                built = cost(admin, text)
                files = f"select sum(pg_relation_size(relid)) from pg_partition_tree('tried_{number}')"
                plain = f"select pg_relation_size('tried_{number}')"
                (size,) = admin.execute(files if "parts" in definition else plain).fetchone()
                admin.execute(f"drop index tried_{number}")
                kilobytes = [size, candidate.size_bytes, hypothetical.size_bytes]
                print(
                    f"{definition.removeprefix('create ')[:64]:64} {before:9.2f} {built:9.2f} {by_twin:9.2f} {by_hypopg:9.2f}"
                    + "".join(f" {each / 1024:6.0f}" for each in kilobytes) + f" {took_ms:5.1f}"
                )
        assert session.rows("select count(*) from hypothetical.hypopg()") == [(0,)]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
