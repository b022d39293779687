"""`dbaudit explain --save-plans` and `--against`: what has become worse since."""

from __future__ import annotations

import json

TABLE = (
    "create table big (id int primary key, kind int, note text)",
    "insert into big select i, i % 1000, repeat('x', 40) from generate_series(1, 60000) i",
    "create index big_kind_idx on big (kind)",
    "vacuum analyze big",
)
QUERIES = "-- name: of_kind\nselect id, note from big where kind = 7;\n-- name: one\nselect note from big where id = 7;\n"


def test_a_dropped_index_is_a_regression_of_the_statement_that_used_it(dbaudit, newest, tmp_path):
    newest.run(*TABLE)
    file, saved, again = tmp_path / "queries.sql", tmp_path / "plans.json", tmp_path / "again.json"
    file.write_text(QUERIES)
    first = dbaudit("explain", "--save-plans", saved, file, newest.conninfo())
    assert first.returncode == 0, first.stderr
    planned = dbaudit("explain", "--no-analyze", "--save-plans", again, "--against", saved, file, newest.conninfo())
    assert planned.returncode == 0 and saved.read_bytes() == again.read_bytes(), planned.stdout

    newest.run("drop index big_kind_idx")
    file.write_text(QUERIES.replace("-- name: one\n", "-- name: two\n"))
    done = dbaudit("explain", "-F", "json", "--select", "PLN023", "--against", saved, file, newest.conninfo())
    report = json.loads(done.stdout)
    (finding,) = report["findings"]
    assert done.returncode == 1 and finding["subject"]["name"] == "of_kind"
    assert finding["evidence"]["lost_indexes"] == "big_kind_idx" and finding["evidence"]["cost_ratio"] > 2
    assert "reads all of public.big, which it found by big_kind_idx before" in finding["message"]
    assert report["notes"][-2:] == [
        "1 statement had no saved plan to compare with",
        "1 saved plan of statements that are no longer there, such as one",
    ]


def test_what_holds_no_saved_plans_is_said(dbaudit, newest, tmp_path):
    file, other = tmp_path / "queries.sql", tmp_path / "other.json"
    file.write_text("select 1")
    for content in ('{"dbaudit_plans": 2, "relations": [], "statements": {}}', "[" * 100_000, '{"dbaudit_plans": 1}', ""):
        other.write_text(content)
        done = dbaudit("explain", "--against", other, file, newest.conninfo())
        assert done.returncode == 2 and "is no file of saved plans" in done.stderr, done.stderr
    missing = dbaudit("explain", "--against", tmp_path / "none.json", file, newest.conninfo())
    assert missing.returncode == 2 and "none.json cannot be read: No such file" in missing.stderr
    unwritable = dbaudit("explain", "--save-plans", tmp_path / "none" / "plans.json", file, newest.conninfo())
    assert unwritable.returncode == 2 and "plans.json cannot be written: No such file" in unwritable.stderr
