"""Where the time of real plans went: parallel workers, loops, InitPlans, SubPlans and CTEs, PostgreSQL 14 to 18."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbaudit.facts.plan import Plan, PlanNode, plan_from_json
from dbaudit.facts.plan_time import node_times, parents, processes, rows_read, rows_removed, total_rows

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "plans").glob("timed-pg*.json"))
CASES = {(path.stem, name): case for path in FIXTURES for name, case in json.loads(path.read_text()).items()}
MAJORS = ["14", "15", "16", "17", "18"]


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def named(request: pytest.FixtureRequest):
    return lambda name: plan_from_json(CASES[request.param.stem, name]["explain"])


def only(plan: Plan, node_type: str, **fields: str) -> PlanNode:
    matching = [
        node for node in plan.nodes()
        if node.node_type == node_type and all(getattr(node, key) == value for key, value in fields.items())
    ]
    assert len(matching) == 1, [node.node_type for node in plan.nodes()]
    return matching[0]


def test_there_are_plans_of_all_five_majors() -> None:
    assert [path.stem.removeprefix("timed-pg").split(".")[0] for path in FIXTURES] == MAJORS


@pytest.mark.parametrize("case", CASES.values(), ids=[" ".join(key) for key in CASES])
def test_exclusive_times_are_never_negative_and_add_up_to_the_whole(case: dict) -> None:
    plan = plan_from_json(case["explain"])
    times = node_times(plan)
    assert set(times) == set(plan.nodes())
    assert all(time.exclusive_ms >= 0 for time in times.values())
    assert sum(time.exclusive_ms for time in times.values()) == pytest.approx(plan.root.actual_total_ms)


@pytest.mark.parametrize("key", [key for key in CASES if "cte" not in key[1]], ids=" ".join)
def test_the_times_fit_into_each_other_without_being_cut(key: tuple[str, str]) -> None:
    """What the scaling takes off is no more than EXPLAIN's rounding. A CTE may be drawn from by two scans in turn."""
    plan = plan_from_json(CASES[key]["explain"])
    count = processes(plan)
    for node, time in node_times(plan).items():
        own = (node.actual_total_ms or 0) * (node.actual_loops or 0) / count[node]
        rounding = 0.0005 * (node.actual_loops or 0) + 0.05 * own + 0.01
        assert own - rounding <= time.inclusive_ms <= own + rounding, node.node_type


def test_loops_of_processes_are_averaged_over_the_processes_that_took_part(named) -> None:
    plan = named("parallel scan")
    scan, gather = only(plan, "Seq Scan"), only(plan, "Gather")
    assert processes(plan)[scan] == gather.workers_launched + 1
    assert node_times(plan)[scan].inclusive_ms == pytest.approx(scan.actual_total_ms)
    assert total_rows(scan) == pytest.approx(600, abs=2)
    assert rows_read(scan) == pytest.approx(60_000, abs=5)
    assert rows_removed(scan) == pytest.approx(59_400, abs=5)


def test_a_leader_that_stays_out_is_not_counted(named) -> None:
    plan = named("parallel scan, leader does not take part")
    assert processes(plan)[only(plan, "Seq Scan")] == only(plan, "Gather").workers_launched


def test_the_inner_side_of_a_nested_loop_in_workers_is_shared_by_them(named) -> None:
    plan = named("parallel nested loop")
    inner = next(node for node in plan.nodes() if node.relation == "orders")
    times = node_times(plan)
    assert inner.actual_loops == 2500
    assert times[inner].inclusive_ms <= times[parents(plan)[inner]].inclusive_ms


def test_an_init_plan_is_taken_off_the_scan_that_waited_for_it(named) -> None:
    plan = named("init plan read by a scan")
    times = node_times(plan)
    init_plan = next(node for node in plan.nodes() if node.parent_relationship == "InitPlan")
    scan = next(node for node in plan.root.children if node.node_type == "Seq Scan")
    assert times[scan].exclusive_ms == pytest.approx(scan.actual_total_ms - init_plan.actual_total_ms)
    assert times[plan.root].exclusive_ms == pytest.approx(plan.root.actual_total_ms - scan.actual_total_ms)


def test_an_init_plan_that_workers_need_is_taken_off_the_gather(named) -> None:
    plan = named("init plan above a parallel scan")
    times = node_times(plan)
    init_plan = next(node for node in plan.nodes() if node.parent_relationship == "InitPlan")
    gather = next(node for node in plan.root.children if node.node_type == "Gather")
    below = times[gather.children[0]].inclusive_ms
    expected = gather.actual_total_ms - init_plan.actual_total_ms - below
    assert times[gather].exclusive_ms == pytest.approx(expected)


def test_an_init_plan_that_no_expression_shows_is_taken_off_where_it_is_listed(named) -> None:
    plan = named("init plan of a limit")
    times = node_times(plan)
    assert times[plan.root].exclusive_ms < 0.2 * times[plan.root].inclusive_ms


def test_a_cte_is_taken_off_once_from_the_scan_that_read_it_first(named) -> None:
    plan = named("cte read twice")
    times = node_times(plan)
    cte = next(node for node in plan.nodes() if node.subplan_name == "CTE spent")
    first, second = sorted(
        (node for node in plan.nodes() if node.node_type == "CTE Scan"), key=lambda node: -node.actual_total_ms
    )
    assert times[first].exclusive_ms == pytest.approx(max(0, first.actual_total_ms - cte.actual_total_ms), abs=0.001)
    assert times[second].exclusive_ms == pytest.approx(second.actual_total_ms)


def test_a_scan_reads_the_nearest_cte_of_its_name_but_not_the_one_it_defines(named) -> None:
    plan = named("cte in a subquery of the same name")
    times = node_times(plan)
    outer = next(node for node in plan.nodes() if node.subplan_name == "CTE x" and node.node_type == "Seq Scan")
    assert times[outer].exclusive_ms == pytest.approx(outer.actual_total_ms)
    assert all(time.exclusive_ms < times[outer].exclusive_ms for node, time in times.items() if node is not outer)


def test_what_was_never_executed_takes_no_time(named) -> None:
    plan = named("never executed")
    idle = [node for node in plan.nodes() if node.never_executed]
    assert idle
    assert {node_times(plan)[node].inclusive_ms for node in idle} == {0.0}
    assert {total_rows(node) for node in idle} == {0.0}


def test_a_plan_that_was_not_timed_has_no_times() -> None:
    assert node_times(plan_from_json({"Plan": {"Node Type": "Result", "Actual Rows": 1, "Actual Loops": 1}})) == {}


def test_times_of_a_very_deep_plan_are_found_without_recursion() -> None:
    raw = {"Node Type": "Result", "Actual Loops": 1, "Actual Total Time": 1.0}
    for _ in range(5_000):
        raw = {"Node Type": "Subquery Scan", "Actual Loops": 1, "Actual Total Time": 1.0, "Plans": [raw]}
    plan = plan_from_json({"Plan": raw})
    assert sum(time.exclusive_ms for time in node_times(plan).values()) == 1.0
