"""Findings of one statement that explain each other are one; those with another cause stay apart."""

from __future__ import annotations

from dataclasses import replace

from dbaudit.checks.chains import chained
from dbaudit.facts import Facts
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.finding import Finding, Fix, InPlan, Severity, Span, Subject

WHOLE = Span(path="a.sql", line=1, column=1, end_line=3, end_column=9)
PLACE = Span(path="a.sql", line=2, column=7, end_line=2, end_column=30)
INNER = Span(path="a.sql", line=2, column=9, end_line=2, end_column=20)
ELSEWHERE = Span(path="a.sql", line=3, column=1, end_line=3, end_column=5)
ANALYZE, MEMORY = Fix(title="analyze"), Fix(title="give it more work_mem")


def node(kind: str, rows: float, actual: float, ms: float, *children: dict, **more) -> dict:
    figures = {"Plan Rows": rows, "Actual Rows": actual, "Actual Loops": 1, "Actual Total Time": ms}
    return {"Node Type": kind, **figures, "Plans": list(children), **more}


# 0 Sort, 400 ms its own · 1 Nested Loop, 100 · 2 Seq Scan, 50 · 3 Index Scan, the inner side, 450
PLAN = node(
    "Sort", 1, 5000, 1000.0,
    node(
        "Nested Loop", 1, 5000, 600.0,
        node("Seq Scan", 1, 5000, 50.0, **{"Parent Relationship": "Outer"}),
        node("Index Scan", 1, 1, 450.0, **{"Parent Relationship": "Inner"}),
    ),
)  # fmt: skip


def found(code: str, *nodes: int, time_ms: float = 0.0, severity: Severity = Severity.WARNING, **more) -> Finding:
    in_plan = InPlan(nodes=nodes, is_unexpected=more.pop("is_unexpected", False)) if nodes else None
    subject = Subject(kind="statement", name=more.pop("name", "q"))
    return Finding(
        code=code, subject=subject, message="", severity=severity, evidence={"time_ms": time_ms},
        in_plan=in_plan, span=more.pop("span", WHOLE), **more,
    )  # fmt: skip


SLOW = found("PLN020", 0, time_ms=1000.0, severity=Severity.ERROR)
STALE = found("PLN018", 2, 1, time_ms=600.0, fixes=(ANALYZE,), severity=Severity.INFO)
RESCANS = found("PLN009", 2, 3, 2, time_ms=450.0, fixes=(ANALYZE,))
SPILL = found("PLN004", 0, time_ms=400.0, fixes=(MEMORY,), is_unexpected=True)


def told(*findings: Finding, plan: dict = PLAN) -> dict[str, list[str]]:
    """The code of each finding with those of its chain."""
    return {each.code: [one.code for one in each.chain] for each in chain(*findings, plan=plan)}


def chain(*findings: Finding, plan: dict = PLAN) -> list[Finding]:
    statement = Statement(name="q", text="", span=WHOLE, identity="q")
    explained = Explained(statement=statement, how=How.ANALYZED, plan=plan_from_json({"Plan": plan}))
    result = chained(findings, Facts({Explained: (explained,)}))
    assert len(findings) == sum(1 + len(each.chain) for each in result)
    return result


def test_stale_statistics_a_nested_loop_and_a_slow_statement_are_one():
    (root,) = chain(SLOW, SPILL, RESCANS, STALE)
    assert (root.code, [each.code for each in root.chain]) == ("PLN018", ["PLN009", "PLN004", "PLN020"])
    assert (root.severity, root.fixes) == (Severity.ERROR, (ANALYZE, MEMORY))
    assert root.fingerprint == STALE.fingerprint


def test_what_does_not_follow_from_the_estimate_stays():
    outside = found("PLN009", 3, 2, 3, time_ms=450.0)
    planned_to_spill = found("PLN004", 0, time_ms=400.0)
    below = found("PLN005", 3, time_ms=100.0, is_unexpected=True)
    assert told(STALE, outside, planned_to_spill, below) == {"PLN018": [], "PLN009": [], "PLN004": [], "PLN005": []}
    fewer = node("Sort", 900, 1, 10.0, node("Nested Loop", 900, 1, 6.0, node("Seq Scan", 900, 1, 1.0)))
    assert told(STALE, SPILL, plan=fewer) == {"PLN018": [], "PLN004": []}


def test_an_index_that_the_planner_refused_by_the_estimate():
    refused = found("PLN001", 2, time_ms=50.0, severity=Severity.INFO)
    proposed = found("PLN001", 2, time_ms=50.0, fixes=(MEMORY,))
    assert told(STALE, refused) == {"PLN018": ["PLN001"]}
    assert told(STALE, proposed) == {"PLN018": [], "PLN001": []}


def test_a_slow_statement_is_told_with_what_takes_half_of_its_time():
    assert told(SLOW, found("PLN001", 2, time_ms=500.0)) == {"PLN001": ["PLN020"]}
    assert told(SLOW, found("PLN001", 2, time_ms=499.9)) == {"PLN020": [], "PLN001": []}
    most, less = found("PLN011", 1, time_ms=700.0), found("PLN001", 2, time_ms=600.0)
    assert told(SLOW, less, most) == {"PLN011": ["PLN020"], "PLN001": []}
    beside = found("PLN017", 0, time_ms=900.0), found("PLN021", 0), found("PLN015", 0, time_ms=900.0)
    assert told(SLOW, *beside)["PLN020"] == [] and len(told(SLOW, *beside)) == 4
    offset = found("PLN008", 0, time_ms=1000.0)
    offset = replace(offset, evidence={"time_ms": 1000.0, "skipped_rows_count": 45_000})
    assert told(SLOW, offset) == {"PLN020": [], "PLN008": []}
    walk = node("Limit", 10, 5000, 1000.0, node("Index Scan", 10, 50_000, 900.0))
    assert told(SLOW, offset, plan=walk) == {"PLN008": ["PLN020"]}
    assert told(SLOW, replace(offset, evidence={"time_ms": 1000.0, "skipped_rows_count": 900}), plan=walk) == {
        "PLN020": [], "PLN008": []
    }  # fmt: skip
    cancelled = found("PLN020", 0, time_ms=30_000.0)
    untimed = {"Node Type": "Seq Scan", "Plan Rows": 5}
    assert told(cancelled, found("PLN001", 0), plan=untimed) == {"PLN020": [], "PLN001": []}


def test_more_rows_than_expected_are_no_excuse_for_work_that_any_plan_would_do():
    hashed = node("Sort", 1, 5000, 1000.0, node("Hash Join", 1, 5000, 900.0, node("Seq Scan", 1, 5000, 50.0)))
    assert told(SLOW, STALE, plan=hashed) == {"PLN020": [], "PLN018": []}
    assert told(SLOW, STALE, SPILL, plan=hashed) == {"PLN020": [], "PLN018": ["PLN004"]}
    assert told(SLOW, STALE, replace(SPILL, evidence={"time_ms": 600.0}), plan=hashed) == {"PLN018": ["PLN004", "PLN020"]}
    inner = node("Nested Loop", 1, 9, 1000.0, node("Seq Scan", 9, 9, 1.0, **{"Parent Relationship": "Outer"}),
                 node("Seq Scan", 1, 5000, 900.0, **{"Parent Relationship": "Inner"}))  # fmt: skip
    assert told(SLOW, found("PLN018", 2, 0, time_ms=1000.0), plan=inner) == {"PLN020": [], "PLN018": []}


def test_what_the_text_made_suspect_is_told_where_the_plan_proves_it():
    proven = found("PLN022", 2, time_ms=50.0, span=PLACE)
    suspected = found("SQL004", span=INNER, severity=Severity.INFO, fixes=(MEMORY,))
    assert told(suspected, proven) == {"PLN022": ["SQL004"]}
    assert told(found("SQL004", span=ELSEWHERE), proven) == {"SQL004": [], "PLN022": []}
    assert told(found("SQL001", span=INNER), proven) == {"SQL001": [], "PLN022": []}
    assert told(suspected, found("PLN022", 2, span=WHOLE)) == {"SQL004": [], "PLN022": []}


def test_a_chain_of_chains_has_one_root_and_loses_nothing():
    refused = found("PLN001", 2, time_ms=50.0, severity=Severity.INFO, span=PLACE)
    assert told(found("SQL004", span=INNER), refused, STALE, SLOW) == {"PLN018": ["SQL004", "PLN001", "PLN020"]}


def test_other_statements_and_other_subjects_are_left_alone():
    table = Finding(code="IDX001", subject=Subject(kind="table", name="q"), message="", severity=Severity.INFO)
    elsewhere = found("PLN001", 2, time_ms=900.0, name="another")
    assert told(SLOW, elsewhere, table) == {"PLN020": [], "PLN001": [], "IDX001": []}
