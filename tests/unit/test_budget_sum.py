"""The arithmetic of the connection budget, by hand."""

import pytest

from dbaudit.facts import Facts
from dbaudit.facts.budget import BudgetGap, Figure, PoolerPool, PoolUse
from dbaudit.facts.budget_sum import of_others, of_server, per_process, term, unknowns

UNKNOWN, UNLIMITED = Figure(reason="nobody says", place="x:1"), Figure(is_unlimited=True)


def number(value):
    return value if isinstance(value, Figure) else Figure(value=value)


def use(**given):
    values = dict(instances=8, surge=2, processes=4, size=10, overflow=20, minimum=0) | given
    names = {name: values.pop(name) for name in ("service", "server", "pooler", "role") if name in values}
    return PoolUse(**{"service": "api", **names}, pool="p", place="db.py:1", **{k: number(v) for k, v in values.items()})


def test_the_sum_of_the_catalogue():
    found = term(use())
    assert found.formula == "8 instances × 4 processes × (10 + 20)"
    assert found.steady == 8 * 4 * (10 + 20) == 960
    assert found.rolling_formula == "10 instances × 4 processes × (10 + 20)"
    assert found.rolling == 1200


@pytest.mark.parametrize(
    ("given", "each"),
    [
        ({}, 30),
        ({"overflow": 0}, 10),
        ({"threads": 4}, 4),
        ({"threads": 40}, 30),
        ({"threads": 1, "minimum": 4}, 4),
        ({"threads": 6, "minimum": 4}, 6),
        ({"size": UNLIMITED, "threads": 7}, 7),
        ({"overflow": UNLIMITED, "threads": 7}, 7),
        ({"size": UNLIMITED}, None),
        ({"size": UNKNOWN}, None),
        ({"overflow": UNKNOWN, "threads": 2}, None),
        ({"overflow": UNKNOWN, "threads": 1}, 1),
        ({"overflow": UNKNOWN, "threads": 1, "minimum": 3}, None),
        ({"threads": UNKNOWN}, None),
        ({"threads": 2, "minimum": UNKNOWN}, None),
        ({"size": 0, "overflow": 0}, 0),
    ],
)
def test_what_one_process_opens(given, each):
    assert per_process(use(**given)) == each


@pytest.mark.parametrize(
    ("given", "formula"),
    [
        ({"instances": 1, "processes": 1, "overflow": 0}, "1 instance × 1 process × 10"),
        ({"instances": UNKNOWN}, "? instances × 4 processes × (10 + 20)"),
        ({"threads": 4}, "8 instances × 4 processes × min(10 + 20, 4 threads)"),
        ({"threads": 1, "minimum": 10}, "8 instances × 4 processes × 10 opened at once"),
        ({"size": UNLIMITED, "threads": 4}, "8 instances × 4 processes × 4 threads"),
        ({"size": UNLIMITED}, "8 instances × 4 processes × no limit"),
        ({"overflow": UNKNOWN}, "8 instances × 4 processes × (10 + ?)"),
        ({"instances": 1200}, "1,200 instances × 4 processes × (10 + 20)"),
    ],
)
def test_the_formula_says_what_was_multiplied(given, formula):
    assert term(use(**given)).formula == formula


def test_an_unknown_figure_is_named_with_its_place():
    assert unknowns([term(use(processes=UNKNOWN))]) == ("api: processes: x:1: nobody says",)
    assert unknowns([term(use(size=UNLIMITED))]) == ("api: nothing limits its connections (db.py:1)",)


def test_a_figure_that_does_not_matter_is_not_asked_for():
    assert unknowns([term(use(overflow=UNKNOWN, threads=1))]) == ()


def test_no_instance_opens_nothing_whatever_else_is_unknown():
    assert term(use(instances=0, size=UNKNOWN)).steady == 0


def test_a_sum_is_whole_only_where_all_of_it_is_known():
    whole = of_server(Facts.of(use(), use(service="worker", instances=1)))
    assert (whole.steady, whole.rolling, whole.is_whole, whole.is_whole_rolling) == (1080, 1560, True, True)
    moving = of_server(Facts.of(use(surge=UNKNOWN)))
    assert (moving.steady, moving.rolling, moving.is_whole, moving.is_whole_rolling) == (960, 960, True, False)
    gap = BudgetGap(subject="x", place="y", reason="z")
    assert not of_server(Facts.of(use(), gap)).is_whole


def test_only_what_reaches_the_server_itself_counts():
    facts = Facts.of(use(), use(server="Redis"), use(pooler="PgBouncer"))
    assert of_server(facts).steady == 960
    assert {name: total.steady for name, total in of_others(facts).items()} == {"Redis": 960, "PgBouncer": 960}


@pytest.mark.parametrize(
    ("given", "steady", "formula"),
    [
        ({}, 50, "2 users × (20 + 5)"),
        ({"reserve": 0}, 40, "2 users × 20"),
        ({"limit": 30}, 30, "min(2 users × (20 + 5), 30)"),
        ({"users": UNKNOWN}, None, "? users × (20 + 5)"),
        ({"users": UNKNOWN, "limit": 30}, 30, "min(? users × (20 + 5), 30)"),
        ({"size": UNLIMITED}, None, "2 users × no limit"),
    ],
)
def test_what_a_pooler_opens(given, steady, formula):
    values = {"users": 2, "size": 20, "reserve": 5, "limit": UNLIMITED} | given
    figures = {name: number(value) for name, value in values.items()}
    pool = PoolerPool(pooler="PgBouncer", database="shop", place="p:1", **figures)
    (found,) = of_server(Facts.of(pool)).terms
    assert (found.steady, found.rolling, found.formula) == (steady, steady, formula)
