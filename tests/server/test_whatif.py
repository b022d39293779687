"""Indexes on trial in a twin, against the same indexes really built."""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
from majors import bin_directory

from dbaudit.errors import AuditError
from dbaudit.lab import twin
from dbaudit.lab.whatif import WhatIf
from dbaudit.sources.postgres.hypopg import installed
from dbaudit.sources.postgres.snapshot import take

ROWS = (
    "create table public.orders (id bigint primary key, customer_id bigint, status text, total numeric, placed_at timestamptz,"
    " note text)",
    "insert into orders select i, (i * 7919) % 5000, (array['paid', 'paid', 'paid', 'open'])[1 + i % 4], i % 1000,"
    " '2024-01-01'::timestamptz + i * interval '1 minute', repeat('n', (i % 40)::int) from generate_series(1, 60000) i",
    "create table public.parts (id int, kind int) partition by range (id)",
    "create table public.parts_1 partition of parts for values from (0) to (30000)",
    "create table public.parts_2 partition of parts for values from (30000) to (60000)",
    "insert into parts select i, i % 3000 from generate_series(0, 59999) i",
    "vacuum analyze",
)
TRIED = (
    ("create index {} on public.orders (customer_id)", "select * from orders where customer_id = 77"),
    ("create index {} on public.orders (customer_id, placed_at desc)",
     "select * from orders where customer_id = 77 order by placed_at desc limit 10"),
    ("create index {} on public.orders (status)", "select count(*) from orders where status = 'open'"),
    ("create index {} on public.orders (placed_at) where status = 'open'",
     "select id from orders where status = 'open' and placed_at < '2024-01-10'"),
    ("create index {} on public.orders (total) include (id)", "select id from orders where total = 10"),
    ("create unique index {} on public.orders (placed_at, id)",
     "select id from orders where placed_at = '2024-01-05' and id > 3"),
    ("create index {} on public.parts (kind)", "select * from parts where kind = 5"),
)  # fmt: skip


def cost(connection, text):
    return connection.execute(f"explain (format json) {text}").fetchone()[0][0]["Plan"]["Total Cost"]


@contextmanager
def trying(database):
    database.run(*ROWS)
    session = database.session()
    snapshot = take(session)
    session.close()
    with twin.build(snapshot, bin_directory(database.major)) as made, WhatIf(made) as opened:
        yield opened


@pytest.fixture
def whatif(newest):
    with trying(newest) as opened:
        yield opened


def test_what_an_index_would_bring_is_what_it_brings(database):
    with trying(database) as whatif, psycopg.connect(whatif.conninfo(), autocommit=True) as planning:
        for number, (definition, text) in enumerate(TRIED):
            without = cost(planning, text)
            candidate = whatif.create(definition.format(f"tried_{number}"))
            assert cost(planning, text) == without
            with whatif.showing([candidate]):
                tried = cost(planning, text)
            assert cost(planning, text) == without == cost(database.admin, text)

            database.run(definition.format(f"tried_{number}"))
            really = cost(database.admin, text)
            files = f"select sum(pg_relation_size(relid)) from pg_partition_tree('tried_{number}')"
            plain = f"select pg_relation_size('tried_{number}')"
            size = database.admin.execute(files if "parts" in definition else plain).fetchone()[0]
            database.run(f"drop index tried_{number}")
            assert tried == pytest.approx(really, rel=0.02, abs=0.13), (definition, without)
            assert candidate.size_bytes == pytest.approx(float(size), rel=0.1), definition


def test_an_index_of_the_twin_can_be_hidden(whatif):
    text = "select * from orders where id = 7"
    with psycopg.connect(whatif.conninfo(), autocommit=True) as planning:
        served = cost(planning, text)
        with whatif.hiding(["public.orders_pkey", "public.unknown"]):
            assert cost(planning, text) > 10 * served
        assert cost(planning, text) == served


def test_what_is_no_index_of_a_table_is_refused(whatif):
    for definition, reason in (
        ("drop table public.orders", "no CREATE INDEX on a table that the twin has"),
        ("create index on public.unknown (id)", "no CREATE INDEX on a table that the twin has"),
        ("create index x on public.orders (nothing)", 'column "nothing" does not exist'),
        ("create index x on public.orders (id); drop table public.orders", "cannot insert multiple commands"),
    ):
        with pytest.raises(AuditError, match=reason):
            whatif.create(definition)
    assert whatif.create("create index x on public.orders (id)").name == "public.x"


def test_functions_of_hypopgs_name_are_not_hypopg(newest):
    newest.run(
        "create function hypopg_create_index(text, out indexrelid oid) language plpgsql as 'begin raise exception ''x''; end'",
        "create function hypopg() returns setof int language sql as 'select 1'",
    )
    assert installed(newest.session()) is None
