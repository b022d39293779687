"""All checks of plans on plans of every shape and size: none fails, and none takes its time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbaudit.checks.registry import all_checks
from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.saved_plan import SavedPlan, SavedRelation
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.finding import Finding, Span

STATEMENT = Statement(
    name="s", text="select", identity="s", span=Span(path="a.sql", line=1, column=1, end_line=1, end_column=7)
)
TABLE = Table(
    oid=1, schema="public", name="orders", qualified="public.orders", is_partitioned=False, parent_oid=0,
    estimated_rows=60_000.0, size_bytes=10_000_000, seq_scans=0, index_scans=0, rows_inserted=0, rows_updated=0,
    rows_deleted=0, live_rows=0,
)
FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "plans").glob("timed-pg*.json"))


def findings(plan: dict, how: How = How.ANALYZED) -> list[Finding]:
    explained = Explained(statement=STATEMENT, how=how, plan=plan_from_json(plan))
    facts = Facts.of(explained, TABLE, empty=(Index, Column, SavedPlan, SavedRelation))
    checks = [check for check in all_checks() if check.family == "PLN"]
    return [verdict for check in checks for verdict in check.verdicts(facts) if isinstance(verdict, Finding)]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_real_plans_of_every_major_are_read_by_every_check(path: Path) -> None:
    cases = json.loads(path.read_text())
    found = {name: {finding.code for finding in findings(case["explain"])} for name, case in cases.items()}
    assert found["parallel scan"] == {"PLN001"}
    assert "PLN004" in found["gather merge sort"]
    assert found["limit that stops early"] == found["never executed"] == set()


def test_a_plan_of_many_thousand_levels_is_audited() -> None:
    scan = {"Node Type": "Seq Scan", "Relation Name": "orders", "Schema": "public", "Filter": "(orders.id = 1)",
            "Plan Rows": 1, "Actual Rows": 1, "Actual Loops": 1, "Rows Removed by Filter": 59_999}
    for _ in range(20_000):
        scan = {"Node Type": "Subquery Scan", "Plan Rows": 100_000, "Actual Rows": 1, "Actual Loops": 1, "Plans": [scan]}
    assert [finding.code for finding in findings({"Plan": scan})] == ["PLN001"]


numbers = st.one_of(st.integers(0, 10**9), st.floats(0, 1e9, allow_nan=False))
texts = st.sampled_from(["", "(o.id = 1)", "((o.a)::text ~~ '%x'::text)", "(a.b = o.id)", "((((", "o.'x"])
leaves = st.fixed_dictionaries(
    {"Node Type": st.sampled_from(["Seq Scan", "Index Scan", "CTE Scan", "Result", "Bitmap Heap Scan"])},
    optional={
        "Relation Name": st.just("orders"), "Schema": st.just("public"), "Alias": st.just("o"), "Filter": texts,
        "Index Cond": texts, "CTE Name": st.just("x"), "Plan Rows": numbers, "Actual Rows": numbers,
        "Actual Loops": numbers, "Actual Total Time": numbers, "Rows Removed by Filter": numbers,
    },
)


def inner(children: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {
            "Node Type": st.sampled_from(
                ["Nested Loop", "Hash Join", "Hash", "Sort", "Gather", "Limit", "Append", "Aggregate", "Materialize"]
            ),
            "Plans": st.lists(children, min_size=1, max_size=3),
        },
        optional={
            "Join Filter": texts, "Parent Relationship": st.sampled_from(["Inner", "Outer", "InitPlan", "SubPlan"]),
            "Subplan Name": st.sampled_from(["CTE x", "InitPlan 1 (returns $0)"]), "Plan Rows": numbers,
            "Actual Rows": numbers, "Actual Loops": numbers, "Actual Total Time": numbers, "Hash Batches": numbers,
            "Sort Space Used": numbers, "Sort Space Type": st.sampled_from(["Disk", "Memory"]), "Output": st.just(["$0"]),
        },
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(st.recursive(leaves, inner, max_leaves=5), st.sampled_from([How.ANALYZED, How.PLANNED, How.TIMED_OUT]))
def test_no_plan_however_strange_breaks_a_check(root: dict, how: How) -> None:
    for finding in findings({"Plan": root, "Execution Time": 1.0}, how):
        assert finding.message
