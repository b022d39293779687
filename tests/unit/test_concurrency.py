"""How large a pool the looks ask for, worked out by hand."""

from __future__ import annotations

import pytest

from dbaudit.facts import Facts
from dbaudit.facts.concurrency import PoolSize, littles_law, percentile, pool_size
from dbaudit.facts.sessions import ClientPath, DatabaseSessions, SessionLook
from dbaudit.report import sessions, timeline

PATH = ClientPath(is_pooled=False, is_local=False, is_encrypted=True, cores=4)


def look(at_s: float, active: int = 0, waiting: int = 0, in_transaction: int = 0, idle: int = 0, masked: int = 0):
    return SessionLook(
        at_s=at_s, active=active, waiting=waiting, in_transaction=in_transaction, idle=idle, masked=masked, workers=0
    )


def counted(transactions: int, active_ms: float, in_transaction_ms: float = 0.0, has_restarted: bool = False):
    return DatabaseSessions(
        database="shop", window_s=100.0, sessions=0, transactions=transactions, abandoned=0, fatal=0, killed=0,
        active_ms=active_ms, in_transaction_ms=in_transaction_ms, total_sessions=0, total_abandoned=0, total_fatal=0,
        age_s=None, has_restarted=has_restarted,
    )  # fmt: skip


def test_the_pool_holds_the_99th_percentile_of_what_is_in_use():
    # 98 looks with 2 working and 1 in transaction, one with 9 working, one with 20: nearest rank 99 of 100 is 9.
    looks = [look(n, active=2, in_transaction=1, idle=30) for n in range(98)]
    size = pool_size(Facts.of(*looks, look(98, active=9), look(99, active=20, waiting=3), PATH, empty=[DatabaseSessions]))
    assert isinstance(size, PoolSize)
    assert (size.p99, size.peak, size.active_peak, size.waiting_peak) == (9, 20, 20, 3)
    assert size.mean == pytest.approx((98 * 3 + 9 + 20) / 100)
    # By the mean and arrivals at random it would be 3.23 + 2.33 √3.23 = 7.42, so 8: the looks saw more.
    assert (size.recommended, size.by_formula, size.by_littles_law) == (9, 8, None)


def test_littles_law_counts_what_the_looks_miss():
    # 40,000 transactions in 100 s keep connections for 5 ms each: 400 a second × 0.005 s = 2 in use on average.
    assert littles_law([counted(40_000, 150_000, 50_000)]) == (400, 5, 2)
    size = pool_size(Facts.of(*(look(n) for n in range(100)), counted(40_000, 150_000, 50_000)))
    # 2 + 2.33 √2 = 5.3
    assert size.recommended == 6
    assert size.by_formula is None


def test_counters_that_were_reset_or_did_not_move_tell_nothing():
    assert littles_law([counted(0, 0), counted(5, 5, has_restarted=True)]) is None


def test_few_looks_and_masked_ones_do_not_tell():
    assert "too few" in pool_size(Facts.of(*(look(n, active=1) for n in range(29))))
    assert "masked" in pool_size(Facts.of(*(look(n, active=1, masked=1) for n in range(30))))


def test_a_percentile_is_one_of_the_values():
    assert [percentile([1, 2, 3, 4], percent) for percent in (0, 25, 26, 100)] == [1, 1, 2, 4]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_chart_and_the_live_line_fit_and_need_no_color(width):
    looks = [look(n, active=n % 7, waiting=n % 3, in_transaction=1, idle=40 - n % 20) for n in range(500)]
    facts = Facts.of(*looks, PATH, counted(40_000, 150_000))
    shown = [line for _, lines in sessions.sections(facts, width) for line in lines]
    live = [timeline.look_line(each, 97, width) for each in looks]
    assert max(map(len, shown + live)) <= width
    assert all(line.isprintable() for line in shown + live)
    # At n = 20, which is 6 modulo 7 and 2 modulo 3: 6 + 2 + 1 + 40.
    assert "peaks of 500 looks: 49 sessions" in " ".join(shown)


def test_the_chart_draws_what_each_look_saw_from_the_bottom():
    looks = [look(n, idle=8) for n in range(9)] + [look(9, active=2, waiting=2, in_transaction=2, idle=2)]
    chart = timeline.lines(Facts.of(*looks), 80)
    assert [line.rpartition("┤")[2] for line in chart[:8]] == [
        "░░░░░░░░░░", "░░░░░░░░░░", "░░░░░░░░░▓", "░░░░░░░░░▓", "░░░░░░░░░▒", "░░░░░░░░░▒", "░░░░░░░░░█", "░░░░░░░░░█",
    ]  # fmt: skip
    assert chart[0].startswith("     8 ┤")
    assert "█ working  ▒ waiting for a lock  ▓ idle in transaction  ░ idle" in chart


def test_the_live_line_shows_even_one_at_work():
    # 80 columns leave 18 for 97 slots: 48 idle ones are 8.9 of them, and one at work 0.2.
    assert timeline.look_line(look(75, active=1, idle=48), 97, 80) == "  1 min [█░░░░░░░░░········] 1 working, 48 idle"


def test_a_short_audit_has_no_chart():
    assert list(sessions.sections(Facts.of(look(0), look(1), look(2), PATH), 80)) == []
