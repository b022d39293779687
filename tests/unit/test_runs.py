"""Several runs as one: which of them was cold, which is the median, and how a reader is told."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from dbaudit.checks.plan.planning_dominates import planning_dominates
from dbaudit.checks.plan.slow_statement import slow_statement
from dbaudit.engine import Report
from dbaudit.facts import Facts
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.statement import Explained, How, Statement, Variant
from dbaudit.finding import Confidence, Severity, Span
from dbaudit.report import full
from dbaudit.report import json as json_report
from dbaudit.report.runs import in_full, in_short
from dbaudit.sources.postgres.runs import together

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
SPAN = Span(path="q.sql", line=1, column=1, end_line=1, end_column=9)
STATEMENT = Statement(name="q", text="select 1", span=SPAN, identity="q")


def run(time_ms: float, read: int, hit: int = 100, planning_ms: float = 0.2) -> Explained:
    root = {
        "Node Type": "Seq Scan", "Relation Name": "orders", "Actual Rows": 1, "Actual Loops": 1,
        "Actual Total Time": time_ms, "Shared Hit Blocks": hit, "Shared Read Blocks": read,
    }  # fmt: skip
    plan = plan_from_json({"Plan": root, "Planning Time": planning_ms, "Execution Time": time_ms})
    return Explained(statement=STATEMENT, how=How.ANALYZED, plan=plan)


def findings(check, explained: Explained):
    return list(check.verdicts(Facts.of(explained), None))


@pytest.mark.parametrize(
    ("runs", "is_cold", "median_ms"),
    [
        pytest.param([run(900, 5000), run(50, 0), run(70, 0), run(60, 0)], True, 60, id="a cold one is left out"),
        pytest.param([run(50, 0), run(80, 0), run(70, 0)], False, 70, id="one that read nothing was warm"),
        pytest.param([run(50, 5000), run(90, 4700), run(70, 4800)], False, 70, id="all read as much"),
        pytest.param([run(90, 5000), run(80, 2000)], True, 80, id="the second may read some"),
        pytest.param([run(90, 3), run(80, 7)], False, 80, id="of two in the middle the quicker"),
        pytest.param([run(90, 3)], None, 90, id="one that read something may have been cold"),
        pytest.param([run(90, 0)], False, 90, id="one that read nothing was not"),
    ],
)
def test_the_median_is_that_of_the_warm_runs(runs, is_cold, median_ms):
    explained = together(runs, wanted=len(runs))
    assert [each.is_cold for each in explained.runs] == [is_cold, *[False] * (len(runs) - 1)]
    assert [each.execution_ms for each in explained.runs] == [each.plan.execution_ms for each in runs]
    assert explained.plan.execution_ms == explained.plan.root.actual_total_ms == median_ms
    assert (explained.how, explained.reason) == (How.ANALYZED, "")


def test_a_run_that_fails_leaves_those_before_it():
    late = Explained(statement=STATEMENT, how=How.TIMED_OUT, limit_ms=1000)
    explained = together([run(90, 0), run(80, 0), late], wanted=5)
    assert (explained.how, len(explained.runs)) == (How.ANALYZED, 2)
    assert explained.reason == "run 3 of 5 was cancelled after 1000 ms"
    locked = Explained(statement=STATEMENT, how=How.NOT_RUN, reason="it is locked")
    assert together([run(90, 0), locked], wanted=5).reason == "run 2 of 5 did not come about: it is locked"


def test_a_slow_statement_is_judged_by_its_warm_runs():
    assert not findings(slow_statement, together([run(900, 5000), run(50, 0)], wanted=2))
    (found,) = findings(slow_statement, together([run(900, 5000), run(200, 0), run(210, 0), run(190, 0)], wanted=4))
    assert (found.severity, found.evidence["time_ms"]) == (Severity.WARNING, 200)
    assert found.message.endswith("; the median of 3 warm runs, the first, cold, took 900 ms and read 5,000 blocks")
    assert (found.evidence["first_ms"], found.evidence["first_is_cold"], found.evidence["runs_count"]) == (900, True, 4)


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ([run(200, 0)], "Seq Scan on orders"),
        ([run(200, 3, hit=9000)], "Seq Scan on orders"),
        ([run(200, 900)], "; it read 900 of its 1,000 blocks from outside shared_buffers, as a first run does"),
        ([run(200, 0), run(210, 0)], "; the median of 2 runs"),
        ([run(900, 900), run(210, 0)], "; warm, the first, cold, took 900 ms and read 900 blocks"),
        (
            [run(200, 900), run(210, 890)],
            "; the median of 2 runs, each of which read 890 blocks or more from outside shared_buffers",
        ),
    ],
)
def test_a_slow_statement_says_how_warm_it_was(runs, told):
    (found,) = findings(slow_statement, together(runs, wanted=len(runs)))
    assert found.message.endswith(told)


def test_planning_is_judged_by_the_later_runs():
    cold_catalogs = run(1, 0, planning_ms=60)
    (found,) = findings(planning_dominates, together([cold_catalogs], wanted=1))
    assert found.confidence is Confidence.MEDIUM
    assert not findings(planning_dominates, together([cold_catalogs, run(1, 0, planning_ms=2)], wanted=2))
    (found,) = findings(planning_dominates, together([cold_catalogs, run(1, 0, planning_ms=30)], wanted=2))
    assert (found.confidence, found.evidence["time_ms"]) == (Confidence.HIGH, 30)
    assert found.message.endswith("; the first run's planning took 60 ms")


def test_the_report_says_what_its_figures_are():
    explained = together([run(900, 5000, planning_ms=3), run(50, 0, hit=5100), run(60, 0), run(70, 0)], wanted=4)
    assert in_short(explained.runs) == "median of 3 warm runs; the first, cold, took 900 ms"
    assert in_full(explained.plan, explained.runs) == [
        "first run, cold: execution 900 ms, planning 3.0 ms; 100 blocks hit, 5,000 read",
        "median of 3 warm runs: execution 60 ms (50 ms to 70 ms), planning 0.20 ms; 100 blocks hit, 0 read",
    ]
    alone = together([run(900, 5000)], wanted=1)
    assert in_short(alone.runs) == ""
    assert in_full(alone.plan, alone.runs) == ["execution 900 ms, planning 0.20 ms; 100 blocks hit, 5,000 read"]
    planned = Explained(statement=STATEMENT, how=How.PLANNED, plan=plan_from_json({"Plan": {"Node Type": "Result"}}))
    assert in_full(planned.plan, planned.runs) == []


def test_settings_are_said_once_where_all_plans_have_the_same():
    def report(*settings: dict) -> Report:
        root = {"Node Type": "Result", "Total Cost": 1.0}
        plans = [plan_from_json({"Plan": root, "Settings": each}) for each in settings]
        rows = [Explained(statement=STATEMENT, how=How.PLANNED, plan=plan) for plan in plans]
        return Report(command="explain", facts=Facts.of(*rows), checks_run=())

    def said(*settings: dict) -> list[str]:
        lines = full.render(report(*settings), width=100, color=False, verbose=True).splitlines()
        return [line.strip() for line in lines if "settings" in line]

    assert said({"work_mem": "8MB", "search_path": "it's"}, {"work_mem": "8MB", "search_path": "it's"}) == [
        "settings that differ from their defaults: work_mem = '8MB', search_path = 'it''s'"
    ]
    assert said({}, {"jit": "off"}) == ["settings: jit = 'off'"]
    assert said({}, {}) == []
    assert json_report.as_json(report({"jit": "off"}), 0)["statements"][0]["settings"] == {"jit": "off"}


def test_the_json_has_every_run():
    variant = Variant(name="mine", how=How.ANALYZED, plan=run(60, 0).plan, runs=together([run(60, 0)], wanted=1).runs)
    explained = replace(together([run(900, 5000), run(50, 0)], wanted=2), variants=(variant,))
    result = json_report.as_json(Report(command="explain", facts=Facts.of(explained), checks_run=()), 0)
    jsonschema.validate(result, SCHEMA)
    (row,) = result["statements"]
    assert [(each["execution_ms"], each["shared_read_blocks"], each["is_cold"]) for each in row["runs"]] == [
        (900, 5000, True),
        (50, 0, False),
    ]
    assert [each["is_cold"] for each in row["variants"][0]["runs"]] == [False]
