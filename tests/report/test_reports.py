"""Every form of a report, as a person and a machine read it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from dbaudit.checks.registry import Check
from dbaudit.engine import Report, Skipped
from dbaudit.facts import Facts
from dbaudit.facts.plan import plan_from_json
from dbaudit.facts.server import Server
from dbaudit.facts.statement import Explained, How, Statement
from dbaudit.finding import Finding, Fix, Severity, Span, Subject
from dbaudit.report import concise, full
from dbaudit.report import json as json_report
from dbaudit.report.summary import fix_rows

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
SERVER = Server(
    version_num=180004, version="18.4", database="shop", user="app", host="db.example", port=5432, is_superuser=False,
    reads_all_statistics=True, in_recovery=False, uptime_s=90_000.0, statistics_age_s=864_000.0,
)  # fmt: skip
SPAN = Span(path="queries.sql", line=12, column=1, end_line=14, end_column=20)
STATEMENT = Statement(name="slow_one", text="select 1", span=SPAN, identity="slow_one")
CREATE = Fix(
    title="create an index on orders (customer_id)",
    statements=("CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id);",),
    lock="ShareUpdateExclusiveLock",
    in_transaction=False,
    undo=("DROP INDEX CONCURRENTLY public.orders_customer_id_idx;",),
)
SCAN = Finding(
    code="PLN001",
    subject=Subject(kind="statement", name="slow_one"),
    span=SPAN,
    message="reads 1,000,000 tuples of orders and keeps 12",
    severity=Severity.WARNING,
    evidence={"time_ms": 120.5},
    fixes=(CREATE,),
)
KEY = Finding(
    code="IDX001",
    subject=Subject(kind="constraint", name="public.orders.orders_customer_fk", column="customer_id"),
    message="no index serves it",
    severity=Severity.ERROR,
    fixes=(CREATE,),
)
HOSTILE = Finding(
    code="IDX001",
    subject=Subject(kind="constraint", name='public."[red]\x1b[31m\u202eevil\nname"'),
    message="[bold]no\x07 index[/bold] serves it \x9b2J",
    severity=Severity.INFO,
)


def check(code: str, name: str) -> Check:
    return Check(code=code, name=name, severity=Severity.INFO, needs=(), options=None, run=iter, manual="")


REPORT = Report(
    command="explain",
    facts=Facts.of(SERVER, Explained(statement=STATEMENT, how=How.PLANNED, reason="an UPDATE is planned, never run")),
    checks_run=(check("IDX001", "unindexed-foreign-key"), check("PLN001", "seq-scan-discards-rows")),
    findings=(KEY, SCAN, HOSTILE),
    skipped=(Skipped(code="IDX004", name="unused-index", reason="statistics are young", remedy="wait 14 days"),),
)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_full_report_fits_its_width_and_cuts_nothing_off(width):
    text = full.render(REPORT, width=width, color=False)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    squeezed = "".join(text.split())
    for finding in REPORT.findings:
        for fix in finding.fixes:
            assert all("".join(statement.split()) in squeezed for statement in (*fix.statements, *fix.undo))


def test_the_full_report_ends_with_the_fixes_and_one_line():
    lines = full.render(REPORT, width=160, color=False).splitlines()
    assert lines[-1] == (
        "1 error, 1 warning, 1 info · 1 check skipped in whole or in part, see above · PostgreSQL 18.4 · "
        "statistics since 10 days at least"
    )
    assert lines.index("Fixes") > lines.index("Not checked") > lines.index("Findings") > lines.index("Statements")
    assert "unproven" in "".join(lines[lines.index("Fixes") :])


def test_findings_that_one_statement_mends_share_a_row():
    rows = fix_rows(REPORT)
    assert [[finding.code for finding in row.findings] for row in rows] == [["IDX001", "PLN001"]]


@pytest.mark.parametrize("color", [False, True])
def test_nobody_elses_escapes_or_markup_reach_the_terminal(color):
    text = full.render(REPORT, width=80, color=color)
    assert "[red]\\x1b[31m\\u202eevil name" in text.replace("\n", "")
    assert "[bold]no\\x07 index[/bold]" in text
    assert not {"\x07", "\u202e", "\x9b"} & set(text)
    assert ("\x1b" in text) is color


def test_no_color_means_no_escape_at_all():
    assert "\x1b" not in full.render(REPORT, width=80, color=False)


def test_concise_is_one_line_a_finding():
    lines = concise.render(REPORT).splitlines()
    assert lines[1] == (
        "queries.sql:12:1: warning PLN001 seq-scan-discards-rows: reads 1,000,000 tuples of orders and keeps 12"
    )
    assert lines[3] == "skipped IDX004 unused-index: statistics are young"
    assert len(lines) == 5


def test_json_keeps_the_published_schema_and_the_text_as_it_was():
    result = json.loads(json_report.render(REPORT, exit_code=1))
    jsonschema.validate(result, SCHEMA)
    assert result["findings"][2]["subject"]["name"] == HOSTILE.subject.name
    assert result["summary"] == {"error": 1, "warning": 1, "info": 1, "suppressed": 0, "skipped": 1, "exit_code": 1}


def test_a_chain_is_told_with_its_root_and_not_counted():
    memory = Fix(title="more work_mem", applicability="manual")
    follows = dataclasses.replace(SCAN, code="PLN004", message="a [sort]\x07 wrote 9 MB to disk", fixes=(memory,))
    roots = [dataclasses.replace(SCAN, fixes=(CREATE, memory), chain=(follows,)), dataclasses.replace(SCAN, discriminator="2")]
    checks = (*REPORT.checks_run, check("PLN004", "sort-spilled"))
    report = dataclasses.replace(REPORT, findings=tuple(roots), checks_run=checks)
    assert concise.render(report).splitlines()[0].endswith(
        "keeps 12 → PLN004 sort-spilled: a [sort]\\x07 wrote 9 MB to disk"
    )
    text = full.render(report, width=80, color=False)
    assert "  → a [sort]\\x07 wrote 9 MB to disk (PLN004 sort-spilled)\n" in text and text.count("or: more work_mem") == 1
    result = json.loads(json_report.render(report, exit_code=1))
    jsonschema.validate(result, SCHEMA)
    assert [[each["code"] for each in finding["chain"]] for finding in result["findings"]] == [["PLN004"], []]
    assert result["summary"]["warning"] == 2 and result["findings"][0]["chain"][0]["fixes"][0]["title"] == memory.title


def test_json_of_a_server_that_let_nobody_in():
    result = json.loads(json_report.render(dataclasses.replace(REPORT, facts=Facts()), exit_code=2))
    jsonschema.validate(result, SCHEMA)
    assert result["target"] is None


def test_a_healthy_database_says_that_nothing_was_found():
    healthy = dataclasses.replace(REPORT, findings=(), skipped=())
    assert full.render(healthy, width=80, color=False).splitlines()[-1] == (
        "nothing found · PostgreSQL 18.4 · statistics since 10 days at least"
    )


PLAN = plan_from_json(
    {
        "Plan": {
            "Node Type": "Sort", "Total Cost": 900.0, "Plan Rows": 10, "Actual Rows": 12, "Actual Loops": 1,
            "Actual Total Time": 100.0,
            "Plans": [
                {
                    "Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "o", "Filter": "(o.kind = 7)",
                    "Parent Relationship": "Outer", "Total Cost": 800.0, "Plan Rows": 10, "Actual Rows": 12,
                    "Actual Loops": 1, "Actual Total Time": 75.0,
                }
            ],
        },
        "Execution Time": 100.1,
    }
)  # fmt: skip


def test_a_verbose_report_shows_where_the_time_of_a_plan_went():
    ran = Explained(statement=STATEMENT, how=How.ANALYZED, plan=PLAN)
    report = dataclasses.replace(REPORT, facts=Facts.of(SERVER, ran))
    lines = full.render(report, width=100, color=False, verbose=True).splitlines()
    first = lines.index("Plans") + 3
    assert lines[first - 1].strip() == "execution 100 ms"
    assert [line.split(maxsplit=3) for line in lines[first : first + 2]] == [
        ["25", "ms", "25%", "Sort, 12 rows (10 expected)"],
        ["75", "ms", "75%", "Seq Scan on orders o filter (o.kind = 7), 12 rows (10 expected)"],
    ]
    assert "Plans" not in full.render(report, width=100, color=False)
