"""What looks and readings of counters add up to."""

from __future__ import annotations

import pytest

from dbaudit.sources.postgres.looks import Looks, counted

# session_counter.sql: database, sessions, transactions, abandoned, fatal, killed, active, in transaction, age, read at
FIRST = ("shop", 100, 5000, 3, 2, 1, 900.0, 80.0, 86_400.0, 1000.0)


def test_counters_are_told_by_their_difference():
    (row,) = counted([FIRST], [("shop", 130, 5090, 4, 2, 1, 950.0, 90.0, 86_410.0, 1010.0)])
    assert (row.window_s, row.sessions, row.transactions, row.abandoned, row.fatal, row.killed) == (10, 30, 90, 1, 0, 0)
    assert (row.active_ms, row.in_transaction_ms, row.total_sessions, row.total_abandoned) == (50, 10, 130, 4)
    assert not row.has_restarted


@pytest.mark.parametrize("sessions", [7, 700])
def test_counters_that_were_reset_tell_no_difference_even_where_they_overtook_it(sessions):
    (row,) = counted([FIRST], [("shop", sessions, 9000, 9, 9, 9, 9000.0, 900.0, 4.0, 1010.0)])
    assert row.has_restarted
    assert (row.sessions, row.transactions, row.active_ms) == (0, 0, 0)


def test_a_database_made_meanwhile_has_no_difference_and_a_dropped_one_is_gone():
    new = ("new", 5, 5, 0, 0, 0, 1.0, 1.0, None, 1010.0)
    (row,) = counted([FIRST], [new])
    assert (row.database, row.sessions, row.total_sessions, row.has_restarted) == ("new", 0, 5, False)


def test_groups_that_come_and_go_have_a_count_for_every_look():
    looks = Looks()
    looks.add([("shop", "app", "web 12345", "idle", 2), ("shop", "app", "web 67890", "active", 1)], 0.0)
    looks.add([("shop", "app", "", "waiting", 4), ("shop", "audit", "dbaudit", "own", 1), ("shop", "app", "", "worker", 2)], 1.0)
    groups = {group.application: (group.sessions, group.in_use) for group in looks.groups()}
    assert groups == {"web #": ((3, 0), (1, 0)), "": ((0, 4), (0, 4))}
    # Our own session takes a slot, a parallel worker takes none.
    assert looks.totals == [3, 5]
    assert looks.looks[1].workers == 2
    assert looks.limit("role", "app", 9).samples == (3, 4)
    assert looks.limit("database", "shop", 9).samples == (3, 5)
