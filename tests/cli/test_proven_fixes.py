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


PARENTS = (
    "create table parents (id int primary key)",
    "create table children (id int primary key, parent_id int references parents)",
    "create table few (id int primary key, parent_id int references parents)",
    "insert into parents select generate_series(1, 3000)",
    "insert into children select i, 1 + i % 3000 from generate_series(1, 60000) i",
    "insert into few select i, i from generate_series(1, 5) i",
    "vacuum analyze",
)


def test_an_index_is_tried_in_a_twin_and_not_proposed_where_it_would_not_be_used(dbaudit, newest):
    newest.run(*PARENTS)
    done = dbaudit("indexes", "-F", "json", "--select", "IDX001", newest.conninfo())
    found = {found["subject"]["name"]: found["fixes"][0] for found in json.loads(done.stdout)["findings"]}
    served, useless = found["public.children"], found["public.few"]
    assert served["proof"]["method"] == "cost" and served["proof"]["after"] < served["proof"]["before"] / 4
    assert "twin" in served["proof"]["server"] and served["statements"]
    assert useless["statements"] == [] and useless["proof"]["after"] == useless["proof"]["before"]
    full = dbaudit("indexes", "--select", "IDX001", newest.conninfo())
    assert "tried: no better" in full.stdout and "children_parent_id_idx" in full.stdout
    without = dbaudit("indexes", "--pg-bin", "/nowhere", "-F", "json", "--select", "IDX001", newest.conninfo())
    assert "indexes are not tried: --pg-bin: /nowhere has no executable" in json.loads(without.stdout)["notes"][0]
    unproven = dbaudit("indexes", "--no-proof", "-F", "json", "--select", "IDX001", newest.conninfo())
    assert [found["fixes"][0]["proof"] for found in json.loads(unproven.stdout)["findings"]] == [None, None]


def test_nothing_is_proven_by_statistics_that_the_role_may_not_see(dbaudit, newest):
    newest.run(*PARENTS, "create role watcher login", "grant pg_monitor to watcher")
    try:
        done = dbaudit("indexes", "-F", "json", "--select", "IDX001", newest.conninfo("watcher"))
    finally:
        newest.run("drop owned by watcher", "drop role watcher")
    fixes = [found["fixes"][0] for found in json.loads(done.stdout)["findings"]]
    assert [fix["proof"] for fix in fixes] == [None, None] and all(fix["statements"] for fix in fixes)


def test_an_expression_without_statistics_disproves_nothing(dbaudit, newest, tmp_path):
    newest.run(
        "create table people (id int primary key, email text)",
        "insert into people select i, 'Person' || i || '@example.org' from generate_series(1, 60000) i",
        "create index on people (email)",
        "vacuum analyze people",
    )
    file = tmp_path / "q.sql"
    file.write_text("select id from people where lower(email) = 'person7@example.org'")
    done = dbaudit("explain", "-F", "json", "--select", "PLN022", file, newest.conninfo())
    fix = json.loads(done.stdout)["findings"][0]["fixes"][0]
    assert fix["statements"] and "has no statistics before the next ANALYZE" in fix["proof"]["detail"]
    assert fix["proof"]["after"] < fix["proof"]["before"]
