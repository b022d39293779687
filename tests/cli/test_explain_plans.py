"""`dbaudit explain --plan`: plans instead of statements, with a server and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbaudit.sources import plans

FIXTURES = Path(__file__).parents[2] / "fixtures" / "plans"
TABLE = (
    "create table big (id int primary key, kind int, note text)",
    "insert into big select i, i % 1000, repeat('x', 40) from generate_series(1, 60000) i",
    "vacuum analyze big",
)


def plan_of(database, options: str, statement: str) -> str:
    return "\n".join(row[0] for row in database.admin.execute(f"explain ({options}) {statement}"))


def test_plans_are_judged_without_a_server_and_what_needs_one_is_skipped(dbaudit):
    done = dbaudit("explain", "--plan", "-F", "json", FIXTURES / "psql-pg18.txt")
    report = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert report["target"] is None
    finding, unbounded = report["findings"]
    assert (finding["code"], finding["span"]["path"]) == ("PLN004", str(FIXTURES / "psql-pg18.txt"))
    # The plan has no estimates, so that the width of a row is not known.
    assert (unbounded["code"], "bytes" in unbounded["message"]) == ("PLN021", False)
    assert [row["how"] for row in report["statements"]] == ["analyzed"] * 4
    skipped = {skip["code"]: skip for skip in report["skipped"]}
    assert {"PLN001", "PLN003", "SQL001"} <= set(skipped)
    assert "name the database" in skipped["PLN001"]["remedy"]
    # EXPLAIN was not asked for the settings of this plan, so that work_mem is not known.
    assert "work_mem" not in finding["message"]


def test_a_log_of_several_statements_is_shown_in_the_terminal(dbaudit):
    done = dbaudit("explain", "--plan", FIXTURES / "auto_explain-pg18-stderr-text.log", "-v")
    assert done.returncode == 0, done.stderr
    assert "Limit" in done.stdout and "auto_explain-pg18-stderr-text.log:5" in done.stdout


def test_with_a_database_the_plan_meets_its_catalog(dbaudit, newest, tmp_path):
    newest.run(*TABLE)
    for options in ("analyze, verbose", "analyze", "analyze, format json"):
        file = tmp_path / "plan.txt"
        rows = newest.admin.execute(f"explain ({options}) select id, note from big where kind = 7").fetchall()
        file.write_text(json.dumps(rows[0][0]) if "json" in options else "\n".join(row[0] for row in rows))
        done = dbaudit("explain", "--plan", "-F", "json", file, newest.conninfo())
        report = json.loads(done.stdout)
        (finding,) = [finding for finding in report["findings"] if finding["severity"] != "info"]
        assert finding["code"] == "PLN001", options
        fixes = [statement for fix in finding["fixes"] for statement in fix["statements"]]
        assert fixes == ["CREATE INDEX CONCURRENTLY big_kind_idx ON public.big (kind);"], options


def test_a_name_that_two_schemas_have_is_not_guessed(dbaudit, newest, tmp_path):
    newest.run(*TABLE, "create schema other", "create table other.big (like big)")
    file = tmp_path / "plan.txt"
    file.write_text(plan_of(newest, "analyze", "select id, note from big where kind = 7"))
    report = json.loads(dbaudit("explain", "--plan", "-F", "json", file, newest.conninfo()).stdout)
    assert not [fix for finding in report["findings"] for fix in finding["fixes"] if fix["statements"]]


def test_estimates_that_were_left_out_are_not_judged(dbaudit, newest, tmp_path):
    newest.run(*TABLE)
    file = tmp_path / "plan.txt"
    file.write_text(plan_of(newest, "analyze, verbose, costs off", "select count(*) from big a join big b using (kind)"))
    done = dbaudit("explain", "--plan", "-F", "json", "--select", "PLN003", file, newest.conninfo())
    report = json.loads(done.stdout)
    assert report["findings"] == []
    assert "COSTS OFF" in report["skipped"][0]["reason"]


def test_standard_input_several_files_and_a_directory(dbaudit, tmp_path):
    text = (FIXTURES / "psql-csv.txt").read_text()
    done = dbaudit("explain", "--plan", "-F", "json", "-", stdin=text)
    assert [row["span"]["path"] for row in json.loads(done.stdout)["statements"]] == ["<stdin>"] * 2
    for name in ("b.txt", "a.json"):
        (tmp_path / name).write_text(text)
    done = dbaudit("explain", "--plan", "-F", "json", tmp_path)
    names = [row["span"]["path"] for row in json.loads(done.stdout)["statements"]]
    assert names == [str(tmp_path / name) for name in ("a.json", "a.json", "b.txt", "b.txt")]


def test_a_file_without_a_whole_plan_is_exit_2_with_its_place(dbaudit, tmp_path):
    file = tmp_path / "plan.txt"
    for text, said in (
        ("select 1;", "plan.txt:1: no plan in it"),
        ("Sort  (cost=1.00..2.00 rows=1 width=4)\n  Sort Key: a\n", "plan.txt:1: is no plan as EXPLAIN prints it"),
        ("Seq Scan on t  (cost=1.00..2.00 rows=1 width=4)\n  gibberish\n", "plan.txt:2: is not understood"),
    ):
        file.write_text(text)
        done = dbaudit("explain", "--plan", file)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr and "Traceback" not in done.stderr


def test_the_fixtures_that_were_made_on_servers_hold_no_parameters_value():
    for path in FIXTURES.glob("auto_explain-*.log"):
        for row in plans.read(path.read_bytes(), path.name):
            assert "Query Parameters" not in row.plan.raw


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--params", "values.toml"], "--params"),
        (["--show-values"], "--show-values"),
        (["--timeout", "30"], "--timeout"),
        (["--no-analyze", "--timeout", "2"], "--timeout and --no-analyze"),
    ],
    ids=" ".join,
)
def test_what_says_how_to_run_statements_is_refused_for_plans(dbaudit, options, named):
    done = dbaudit("explain", "--plan", FIXTURES / "psql-pg18.txt", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{named} cannot be given with --plan" in done.stderr


def test_a_broken_entry_of_a_log_is_told_and_the_rest_is_audited(dbaudit, tmp_path):
    log = (FIXTURES / "auto_explain-pg18-stderr-text.log").read_text()
    file = tmp_path / "server.log"
    file.write_text("LOG:  duration: 1.000 ms  plan:\n\tQuery Text: select 1\n\tSort  (cost=1.00..2.0\n" + log)
    done = dbaudit("explain", "--plan", "-F", "json", file)
    report = json.loads(done.stdout)
    assert [row["how"] for row in report["statements"]] == ["not run", "analyzed", "analyzed", "analyzed"]
    assert f"{file}:1: " in report["statements"][0]["reason"]
    assert "1 of 4 statements were not looked at: each says why" in report["notes"]


def test_a_large_log_says_how_much_of_it_was_looked_at(dbaudit):
    entry = "LOG:  duration: {}.000 ms  plan:\n\tQuery Text: select {}\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n"
    done = dbaudit("explain", "--plan", "-", stdin="".join(entry.format(number, number) for number in range(2500)))
    assert done.returncode == 0, done.stderr
    assert "<stdin> holds 2,500 plans, of which 1 are looked at: the slowest" in " ".join(done.stdout.split())
