"""Plans: EXPLAIN's JSON to typed nodes."""

from __future__ import annotations

import pytest

from dbaudit.facts import Facts, codec
from dbaudit.facts.plan import Plan, plan_from_json

SCAN = {
    "Node Type": "Seq Scan", "Relation Name": "orders", "Schema": "public", "Alias": "o", "Startup Cost": 0.0,
    "Total Cost": 10.5, "Plan Rows": 5, "Plan Width": 8, "Filter": "(o.id = 1)", "Rows Removed by Filter": 99,
    "Actual Rows": 1.5, "Actual Loops": 2, "Actual Startup Time": 0.1, "Actual Total Time": 0.25,
}


def test_a_node_carries_what_explain_printed() -> None:
    plan = plan_from_json({"Plan": SCAN, "Planning Time": 0.3, "Execution Time": 1.25, "Settings": {"work_mem": "1MB"}})
    node = plan.root
    assert (node.node_type, node.schema, node.relation, node.alias) == ("Seq Scan", "public", "orders", "o")
    assert (node.filter, node.rows_removed_by_filter, node.actual_rows, node.actual_loops) == ("(o.id = 1)", 99, 1.5, 2)
    assert (plan.planning_ms, plan.execution_ms, plan.settings) == (0.3, 1.25, {"work_mem": "1MB"})
    assert plan.was_run


def test_an_estimated_plan_has_no_actual_figures() -> None:
    plan = plan_from_json({"Plan": {key: value for key, value in SCAN.items() if not key.startswith("Actual")}})
    assert not plan.was_run
    assert plan.root.actual_rows is None and not plan.root.never_executed and plan.execution_ms is None


def test_a_plan_of_many_thousand_levels_is_read_and_walked() -> None:
    raw: dict = {"Node Type": "Result"}
    for _ in range(20_000):
        raw = {"Node Type": "Limit", "Plans": [raw]}
    plan = plan_from_json({"Plan": raw})
    assert sum(1 for _ in plan.nodes()) == 20_001
    assert "Limit" in repr(plan.root)


def test_nodes_come_parents_first_in_the_order_of_explain() -> None:
    leaf = {"Node Type": "Seq Scan"}
    raw = {"Node Type": "Hash Join", "Plans": [leaf, {"Node Type": "Hash", "Plans": [dict(leaf)]}]}
    names = [node.node_type for node in plan_from_json({"Plan": raw}).nodes()]
    assert names == ["Hash Join", "Seq Scan", "Hash", "Seq Scan"]


@pytest.mark.parametrize("junk", [{}, {"Plan": None}, {"Plan": {}}, {"Plan": {"Node Type": "Append", "Plans": [{}]}}])
def test_what_is_no_plan_is_refused_in_words(junk: dict) -> None:
    with pytest.raises(ValueError, match="not a plan"):
        plan_from_json(junk)


def test_a_plan_survives_the_codec_as_the_json_of_explain() -> None:
    facts = Facts.of(plan_from_json({"Plan": SCAN, "Anything New": [1]}))
    written = codec.to_json(facts)
    assert written == {"Plan": [{"Plan": SCAN, "Anything New": [1]}]}
    assert codec.from_json(written)[Plan] == facts[Plan]


def test_a_plan_that_is_kept_small_is_the_same_plan():
    raw = {"Plan": {"Node Type": "Result", "Total Cost": 1.0, "Filter": "(x = '\ud800ä')"}, "Planning Time": 0.25}
    plan = plan_from_json(raw)
    small = plan.compressed()
    assert isinstance(small.kept, bytes) and small.compressed() is small
    assert (small.raw, small.root, small.planning_ms, small.has_estimates) == (raw, plan.root, 0.25, True)
    assert codec.from_json(codec.to_json(Facts.of(small))).rows.keys() == {Plan}
