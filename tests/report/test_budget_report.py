"""The connection budget as a person and as a machine reads it."""

import json
from pathlib import Path

import jsonschema
import pytest

from dbaudit.checks.registry import all_checks
from dbaudit.engine import audit
from dbaudit.facts import Facts, Missing
from dbaudit.facts.budget import BudgetGap, Figure, PoolerPool, PoolUse, ServerRoom
from dbaudit.report import concise, full
from dbaudit.report import json as json_report

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
ROOM = ServerRoom(max_connections=500, reserved=3, origin="the server", cores=8)


def use(**given):
    values = dict(instances=8, surge=2, processes=4, size=10, overflow=20, minimum=0) | given
    names = {name: values.pop(name) for name in ("service", "server", "role") if name in values}
    figures = {name: value if isinstance(value, Figure) else Figure(value=value) for name, value in values.items()}
    return PoolUse(**{"service": "api", **names}, pool="SQLAlchemy", place="app/db.py:5", **figures)


def report(*rows):
    facts = Facts.of(*rows, empty=(PoolUse, PoolerPool, BudgetGap))
    if not any(isinstance(row, ServerRoom) for row in rows):
        facts = facts.merged(Facts({ServerRoom: Missing(reason="nobody said", remedy="--max-connections N")}))
    return audit(command="pools", facts=facts, checks=all_checks("POL"))


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_sum_stands_term_by_term_beside_the_room(width):
    text = full.render(report(use(), use(service="worker", processes=1), ROOM), width=width, color=False)
    flat = " ".join(text.split())
    assert max(map(len, text.splitlines())) <= width
    assert "Usable are 497: max_connections 500 without 3 reserved (the server)." in flat
    assert "api: 8 instances × 4 processes × (10 + 20) = 960 (app/db.py:5)" in flat
    assert "steady state: 1,200 of 497 usable, 241 %" in flat
    assert "api: 10 instances × 4 processes × (10 + 20) = 1,200" in flat
    assert "rolling deploy: 1,500 of 497 usable, 302 %" in flat
    assert "Not known" not in flat


def test_what_is_not_known_is_named_and_no_total_claims_to_be_whole():
    unknown = use(service="worker", processes=Figure(place="Procfile:2", reason="it is the number of CPUs"))
    gap = BudgetGap(subject="frontend", place="compose.yaml:3", reason="what it runs is not known", remedy="--service …")
    text = " ".join(full.render(report(use(), unknown, gap), width=200, color=False).split())
    assert "worker: 8 instances × ? processes × (10 + 20) = ?" in text
    assert "steady state: at least 960 " in text
    assert "worker: processes: Procfile:2: it is the number of CPUs" in text
    assert "frontend: what it runs is not known (compose.yaml:3) → --service …" in text
    assert "How many connections the server takes is not known: nobody said." in text


def test_where_nothing_is_known_no_total_is_zero():
    text = full.render(report(use(instances=Figure(reason="nobody says")), ROOM), width=100, color=False)
    assert "steady state: not known" in text and "steady state: at least" not in text
    empty = full.render(report(ROOM), width=100, color=False)
    assert "No service and no pool was found." in empty and "POL001" in empty


def test_other_servers_stand_apart():
    text = full.render(report(use(processes=1), use(server="Redis", size=Figure(is_unlimited=True)), ROOM), width=160, color=False)
    assert "Connections to Redis, which are not PostgreSQL's:" in text
    assert "steady state: 240 of 497 usable, 48 %" in text


def test_one_line_each_in_the_concise_form():
    lines = concise.render(report(use(), ROOM)).splitlines()
    assert "budget: api: 8 instances × 4 processes × (10 + 20) = 960  (app/db.py:5)" in lines
    assert "budget: steady state: 960 of 497 usable, 193 %" in lines


def test_json_has_the_budget_by_the_published_schema():
    whole = json.loads(json_report.render(report(use(role="app"), ROOM), exit_code=1))
    jsonschema.validate(whole, SCHEMA)
    budget = whole["budget"]
    assert (budget["usable"], budget["steady"], budget["rolling"], budget["steady_is_whole"]) == (497, 960, 1200, True)
    assert budget["terms"][0]["formula"] == "8 instances × 4 processes × (10 + 20)"
    gap = BudgetGap(subject="x", place="y:1", reason="z")
    partly = json.loads(json_report.render(report(use(size=Figure(reason="r")), use(server="Redis"), gap), exit_code=0))
    jsonschema.validate(partly, SCHEMA)
    assert partly["budget"]["usable"] is None and not partly["budget"]["steady_is_whole"]
    assert partly["budget"]["terms"][0]["steady"] is None and list(partly["budget"]["elsewhere"]) == ["Redis"]


def test_names_from_files_are_no_escapes_and_no_markup():
    hostile = use(service="[red]a\x1b[31m\u202eb", role="x\ny")
    for text in (full.render(report(hostile, ROOM), width=100, color=False), concise.render(report(hostile, ROOM))):
        assert "\x1b" not in text and "\u202e" not in text and "[red]a\\x1b" in text


def test_a_report_without_a_budget_has_none():
    other = audit(command="lint", facts=Facts(), checks=())
    assert "budget" not in json.loads(json_report.render(other, exit_code=0))
    assert "budget" not in full.render(other, width=80, color=False).lower()
