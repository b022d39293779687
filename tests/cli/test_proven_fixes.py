"""A fix that can be tried on the audited server carries what it costs, before and after."""

from __future__ import annotations

import json

import pytest

TABLES = (
    "create table big (id int primary key, day timestamptz not null, note text)",
    "insert into big select n, timestamptz '2024-01-01' + n * interval '1 minute', 'note ' || n from generate_series(1, 60000) n",
    "create index on big (day)",
    "vacuum analyze big",
)
QUERIES = """-- name: page
select id, note from big order by day limit 20 offset 50000;
-- name: day
select note from big
where day::date = '2024-01-09';
-- name: there
select (select count(*) from big where id = 7) > 0 as there;
-- name: any
select count(*) > 0 as "any" from big where id > :id;
"""


@pytest.fixture
def fixes(dbaudit, newest, tmp_path):
    """Runs explain on the queries, and gives the first fix of each statement's finding and the whole report."""
    newest.run(*TABLES)
    file = tmp_path / "q.sql"
    file.write_text(QUERIES)

    def run(*options: str) -> tuple[dict[str, dict], dict]:
        done = dbaudit("explain", "-F", "json", "--select", "PLN008,PLN022,SQL015", *options, file, newest.conninfo())
        assert done.returncode == 1, done.stderr
        report = json.loads(done.stdout)
        return {found["subject"]["name"]: found["fixes"][0] for found in report["findings"]}, report

    return run


@pytest.mark.parametrize("options", [(), ("--no-analyze",)])
def test_a_rewrite_is_planned_on_the_same_server_and_proposed_if_it_is_cheaper(fixes, options):
    found, report = fixes(*options)
    assert found["page"]["rewrite"] == "select id, note from big WHERE (day, id) > ($1, $2) order by day, id limit 20"
    assert found["page"]["remark"].startswith("pass as $1 and $2 the day and id of the last row of the page before")
    assert found["day"]["rewrite"] == (
        "select note from big\nwhere (day >= date '2024-01-09' AND day < date '2024-01-10')"
    )
    assert found["any"]["rewrite"] == 'SELECT EXISTS (SELECT 1 from big where id > :id) AS "any"'
    for name in ("page", "day", "any"):
        proof = found[name]["proof"]
        assert proof["method"] == "cost" and proof["after"] < proof["before"] / 2
        assert proof["server"].startswith("PostgreSQL ")
    plans = {row["name"]: row["plan"]["Plan"] for row in report["statements"]}
    assert found["day"]["proof"]["before"] == plans["day"]["Total Cost"]
    there = found["there"]
    assert (there["title"], there["rewrite"]) == ("write EXISTS (SELECT …)", None)
    assert there["proof"]["after"] >= 0.99 * there["proof"]["before"]
    assert [each["proof"] for each in report["findings"] if each["subject"]["name"] == "there"] == [None]


def test_the_report_shows_the_statement_and_what_it_costs(dbaudit, newest, tmp_path):
    newest.run(*TABLES)
    file = tmp_path / "q.sql"
    file.write_text(QUERIES)
    text = dbaudit("explain", file, newest.conninfo(), env={"COLUMNS": "80"}).stdout
    assert "      where (day >= date '2024-01-09' AND day < date '2024-01-10')\n" in text
    assert "tried: no better" in text and max(map(len, text.splitlines())) <= 80
