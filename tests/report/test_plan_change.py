"""The line that says how a plan changes with the values of the parameters."""

import json
from pathlib import Path

import jsonschema

from dbaudit.engine import Report
from dbaudit.facts import Facts
from dbaudit.facts.plan import Plan, plan_from_json
from dbaudit.facts.statement import GENERIC_PLAN, Alternative, Explained, How, Statement, Variant
from dbaudit.finding import Span
from dbaudit.report import full, plan_change
from dbaudit.report import json as json_report

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
SPAN = Span(path="q.sql", line=1, column=1, end_line=1, end_column=9)
STATEMENT = Statement(name="q", text="select ?", span=SPAN, identity="q", parameters=("1",))


def plan(node_type: str, index: str = "", time_ms: float | None = None) -> Plan:
    node = {"Node Type": node_type, "Relation Name": "orders", "Schema": "public", "Alias": "orders"}
    measured = {"Actual Rows": 1, "Actual Loops": 1, "Actual Total Time": time_ms} if time_ms else {}
    named = {"Index Name": index} if index else {}
    return plan_from_json({"Plan": node | measured | named, **({"Execution Time": time_ms} if time_ms else {})})


def explained(*variants: Variant) -> Explained:
    return Explained(statement=STATEMENT, how=How.ANALYZED, plan=variants[0].plan, variants=variants)


SCAN = Variant(name="common value", how=How.ANALYZED, plan=plan("Seq Scan", time_ms=120.0))
INDEX = Variant(name="rare value", how=How.ANALYZED, plan=plan("Index Scan", "orders_state_idx", 0.5))
ABSENT = Variant(name="absent value", how=How.ANALYZED, plan=plan("Index Scan", "orders_state_idx", 0.25))
GENERIC = Variant(name=GENERIC_PLAN, how=How.PLANNED, plan=plan("Bitmap Heap Scan"))


def test_values_with_the_same_plan_are_told_together():
    assert plan_change.sentence(explained(SCAN, INDEX, ABSENT)) == (
        "3 sets of values: the plan changes: Seq Scan on orders for the common value (120 ms), "
        "Index Scan using orders_state_idx on orders for the rare value and the absent value (0.25 ms to 0.50 ms)"
    )
    assert plan_change.sentence(explained(INDEX, ABSENT)) == "2 sets of values, one plan (0.25 ms to 0.50 ms)"


def test_a_generic_plan_that_is_another_is_told():
    assert plan_change.sentence(explained(SCAN, GENERIC)) == (
        "1 set of values, one plan (120 ms); the generic plan is another: Bitmap Heap Scan on orders"
    )
    assert plan_change.sentence(Explained(statement=STATEMENT, how=How.PLANNED, plan=GENERIC.plan)) == ""


def test_every_form_of_the_report_has_the_variants():
    shown = Variant(name="mine", how=How.ANALYZED, plan=SCAN.plan, values={"1": None})
    report = Report(command="explain", facts=Facts.of(explained(SCAN, shown, GENERIC)), checks_run=())
    (row,) = json.loads(json_report.render(report, exit_code=0))["statements"]
    jsonschema.validate(json_report.as_json(report, 0), SCHEMA)
    assert [variant["values"] for variant in row["variants"]] == [None, {"1": None}, None]
    text = full.render(report, width=100, color=False, verbose=True)
    assert "q, mine: $1 = NULL" in text and "q, generic plan" in text


def test_what_another_setting_would_cost_is_in_the_verbose_report():
    forbidden = Alternative(setting="enable_seqscan = off", plan=INDEX.plan)
    cheaper = Alternative(setting="random_page_cost = 1.1", plan=SCAN.plan)
    row = Explained(statement=STATEMENT, how=How.ANALYZED, plan=SCAN.plan, alternatives=(forbidden, cheaper))
    report = Report(command="explain", facts=Facts.of(row), checks_run=())
    text = full.render(report, width=100, color=False, verbose=True)
    line = "with enable_seqscan = off: Index Scan using orders_state_idx on orders, cost 0 in place of 0"
    assert line in text and "random_page_cost" not in text
    (made,) = json_report.as_json(report, 0)["statements"]
    jsonschema.validate(json_report.as_json(report, 0), SCHEMA)
    assert [each["setting"] for each in made["alternatives"]] == ["enable_seqscan = off", "random_page_cost = 1.1"]
