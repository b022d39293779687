"""Histograms of ranges: what pg_stats shows from 17 on is there before too, for who may read pg_statistic."""

from contextlib import closing

import pytest

from dbaudit.sources.postgres.snapshot import take


def taken(database, user):
    with closing(database.session(user)) as session:
        return {one.column: one for one in take(session).statistics}


@pytest.fixture
def reader(database):
    database.run("create role reader login")
    yield "reader"
    database.run("drop owned by reader", "drop role reader")


def test_a_ranges_histograms_are_in_a_snapshot(database, reader):
    database.run(
        "create table stay (id int, during int4range)",
        # A fifth is empty; the others begin at 0, 10, 20 … and are 1 to 4 long.
        "insert into stay select n, case when n % 5 > 0 then int4range(n * 10, n * 10 + n % 5) else 'empty' end"
        " from generate_series(0, 999) as n",
        "grant select on stay to reader",
        "analyze stay",
    )
    unprivileged = taken(database, reader)
    database.run("grant pg_read_all_data to reader")
    known = taken(database, reader)["during"]
    assert known.range_empty_fraction == pytest.approx(0.2)
    assert known.range_length_histogram.startswith("{1,1,") and known.range_length_histogram.endswith(",4,4}")
    assert known.range_bounds_histogram.startswith('{"[10,11)"') and known.range_bounds_histogram.endswith('"[9990,9994)"}')
    assert unprivileged["id"].histogram_bounds
    if database.major >= 17:
        assert unprivileged["during"] == known
    else:
        assert unprivileged["during"].range_bounds_histogram is None and unprivileged["during"].range_empty_fraction is None
