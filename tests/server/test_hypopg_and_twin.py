"""An index on trial by hypopg and in a twin, against the same index really built."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest
from debian import unpack
from majors import bin_directory
from test_whatif import ROWS, cost

from dbaudit.lab import twin
from dbaudit.lab.server import start
from dbaudit.lab.whatif import WhatIf
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.hypopg import installed
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.snapshot import take

PACKAGES = Path(__file__).parents[1] / "servers" / "hypopg"
ROLE = (
    "create schema hypothetical",
    "create extension hypopg schema hypothetical",
    "create role auditor login",
    "grant pg_read_all_data, pg_monitor to auditor",
)
TRIED = (
    ("create index tried_0 on public.orders (customer_id)", "select * from orders where customer_id = 77"),
    (
        "create index tried_1 on public.orders (customer_id, placed_at desc)",
        "select * from orders where customer_id = 77 order by placed_at desc limit 10",
    ),
    (
        "create index tried_2 on public.orders (placed_at) where status = 'open'",
        "select id from orders where status = 'open' and placed_at < '2024-01-10'",
    ),
)


@pytest.fixture
def server(tmp_path):
    """PostgreSQL 15 with hypopg."""
    (package,) = PACKAGES.glob("*.deb")
    unpack(package, tmp_path / "package")
    native = tmp_path / "native"
    shutil.copytree(bin_directory(15).parent, native, symlinks=True)
    shutil.copy(tmp_path / "package/usr/lib/postgresql/15/lib/hypopg.so", native / "lib/postgresql")
    for file in (tmp_path / "package/usr/share/postgresql/15/extension").iterdir():
        shutil.copy(file, native / "share/postgresql/extension")
    with start(native / "bin") as running:
        yield running


def test_hypopg_and_the_twin_say_what_the_index_brings(server):
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        for text in (*ROLE, *ROWS):
            admin.execute(text)
        session = Session(connect(Address(conninfo=server.conninfo(user="auditor"))))
        hypopg = installed(session)
        with twin.build(take(session), bin_directory(15)) as made, WhatIf(made) as whatif:
            with psycopg.connect(whatif.conninfo(), autocommit=True) as planning:
                for definition, text in TRIED:
                    before = cost(admin, text)
                    hypothetical, candidate = hypopg.create(definition), whatif.create(definition)
                    assert cost(session.connection, text) == before == cost(planning, text)
                    with hypopg.showing([hypothetical]), whatif.showing([candidate]):
                        by_hypopg, by_twin = cost(session.connection, text), cost(planning, text)
                    admin.execute(definition)
                    built = cost(admin, text)
                    admin.execute(f"drop index {candidate.name}")
                    assert built < before / 2
                    assert by_twin == pytest.approx(built, rel=0.03) and by_hypopg == pytest.approx(built, rel=0.1)
        assert session.rows("select count(*) from hypothetical.hypopg()") == [(0,)]
        session.close()
