"""Which misestimate is the root of a chain, and which are none."""

from __future__ import annotations

from dbaudit.checks.plan._misestimate import root_misestimate
from dbaudit.facts.plan import Plan, plan_from_json


def node(kind: str, expected: float, actual: float, *children: dict, loops: int = 1, **more: object) -> dict:
    return {
        "Node Type": kind, "Plan Rows": expected, "Actual Rows": actual, "Actual Loops": loops,
        "Actual Total Time": 10.0 / max(loops, 1), "Plans": list(children), **more,
    }


def worst(raw: dict):
    plan: Plan = plan_from_json({"Plan": raw})
    return root_misestimate(plan, factor=10, rows=100, time_ratio=0.1)


def outer(raw: dict) -> dict:
    return {**raw, "Parent Relationship": "Outer"}


def inner(raw: dict) -> dict:
    return {**raw, "Parent Relationship": "Inner"}


def test_the_lowest_of_a_chain_is_the_root() -> None:
    low = outer(node("Seq Scan", 1, 500, **{"Relation Name": "low"}))
    join = outer(node("Nested Loop", 1, 5000, low, inner(node("Index Scan", 10, 10, loops=500))))
    found = worst(node("Nested Loop", 1, 50000, join, inner(node("Index Scan", 10, 10, loops=5000))))
    assert (found.node.relation, found.join.node_type, found.factor) == ("low", "Nested Loop", 500)


def test_a_join_is_the_root_where_both_of_its_sides_were_right() -> None:
    sides = outer(node("Seq Scan", 900, 1000)), inner(node("Hash", 900, 1000, outer(node("Seq Scan", 900, 1000))))
    join = outer(node("Hash Join", 10, 9000, *sides))
    found = worst(node("Nested Loop", 10, 9000, join, inner(node("Index Scan", 1, 1, loops=9000))))
    assert (found.node.node_type, found.factor) == ("Hash Join", 900)


def test_per_loop_figures_are_compared_per_loop() -> None:
    assert worst(node("Nested Loop", 5000, 5000, outer(node("Seq Scan", 500, 500)),
                      inner(node("Index Scan", 10, 10, loops=500)))) is None


def test_fewer_rows_mean_nothing_where_somebody_stopped_asking() -> None:
    scan = outer(node("Seq Scan", 100_000, 10))
    side = inner(node("Index Scan", 1, 1, loops=10))
    assert worst(node("Limit", 10, 10, outer(node("Nested Loop", 100_000, 10, scan, side)))) is None
    assert worst(node("Merge Join", 10, 10, scan, side)) is None
    semi = {"Join Type": "Semi"}
    assert worst(node("Nested Loop", 10, 10, outer(node("Seq Scan", 10, 10)), inner(node("Seq Scan", 9999, 3, loops=10)),
                      **semi)) is None


def test_fewer_rows_count_below_a_sort_that_reads_all_of_them() -> None:
    scan = outer(node("Seq Scan", 100_000, 10))
    join = node("Merge Join", 10, 10, outer(node("Sort", 100_000, 10, scan)), inner(node("Index Scan", 10, 10)))
    assert worst(node("Limit", 10, 10, outer(join))).factor == 10_000


def test_what_no_join_was_chosen_by_was_never_executed_or_is_small_does_not_count() -> None:
    assert worst(node("Sort", 1, 50_000, outer(node("Seq Scan", 1, 50_000)))) is None
    side = inner(node("Index Scan", 1, 1))
    assert worst(node("Nested Loop", 1, 1, outer(node("Seq Scan", 5000, 0, loops=0)), side)) is None
    assert worst(node("Nested Loop", 1, 50, outer(node("Seq Scan", 1, 50)), inner(node("Index Scan", 1, 1, loops=50)))) is None
