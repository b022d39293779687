"""`dbaudit explain` on real files, good and bad."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from waiting import wait_for

BIG = (
    "create table big (id int primary key, kind int, note text)",
    "insert into big select i, i % 1000, repeat('x', 40) from generate_series(1, 60000) i",
    "vacuum analyze big",
)


@pytest.fixture
def big(newest):
    newest.run(*BIG)
    return newest


@pytest.fixture
def sql(tmp_path):
    """Writes a file of statements and gives its path."""

    def write(text: str | bytes, name: str = "queries.sql"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def statements(done) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads(done.stdout)["statements"]}


def test_a_scan_that_discards_rows_is_found_with_its_index(dbaudit, big, sql):
    file = sql("-- name: of_kind\nselect id, note from big where kind = 7;\n-- name: one\nselect note from big where id = 7;")
    done = dbaudit("explain", "-F", "json", file, big.conninfo())
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    (finding,) = [finding for finding in report["findings"] if finding["severity"] != "info"]
    assert (finding["code"], finding["subject"]["name"]) == ("PLN001", "of_kind")
    assert finding["fixes"][0]["statements"] == ["CREATE INDEX CONCURRENTLY big_kind_idx ON public.big (kind);"]
    assert [row["how"] for row in report["statements"]] == ["analyzed", "analyzed"]
    assert report["statements"][0]["plan"]["Plan"]["Node Type"]


def test_a_syntax_error_is_a_finding_with_its_place_and_the_others_go_on(dbaudit, big, sql):
    file = sql("select 1;\n\nselect id\n  form big;\nselect 2;")
    done = dbaudit("explain", "-F", "json", file, big.conninfo())
    report = json.loads(done.stdout)
    assert done.returncode == 1
    (finding,) = report["findings"]
    assert finding["severity"] == "error"
    assert (finding["span"]["path"], finding["span"]["line"], finding["span"]["column"]) == (str(file), 4, 8)
    assert [row["how"] for row in report["statements"]] == ["analyzed", "rejected", "analyzed"]


def test_what_was_not_run_is_said_in_plain_words(dbaudit, big, sql):
    file = sql(
        "-- name: change\nupdate big set note = '' where id = 1;\n"
        "-- name: sleep\nselect pg_sleep(60);\n"
        "-- name: parameter\nselect note from big where id = 1 and length(note) = $1;\n"
        "-- name: make\ncreate table made (id int);\n"
        "\\echo hello\n"
    )
    done = dbaudit("explain", file, big.conninfo())
    for said in ("an UPDATE is planned, never run", "pg_sleep", "generic plan", "CREATE TABLE"):
        assert said in done.stdout, done.stdout
    assert big.admin.execute("select to_regclass('made')").fetchone() == (None,)
    assert done.returncode == 0


def test_parameters_are_tried_with_the_values_of_a_file_and_show_them_only_when_asked(dbaudit, big, sql):
    file = sql("-- name: of_kind\nselect id, note from big where kind = :kind and id < %(last)s;")
    params = sql("[of_kind.few]\nkind = 7\nlast = 42424\n[of_kind.all]\nkind = 8\nlast = 9000000\n", "params.toml")
    hidden = dbaudit("explain", "-v", "--params", params, file, big.conninfo())
    assert "2 sets of values" in hidden.stdout and "42424" not in hidden.stdout
    assert "42424" not in dbaudit("explain", "-F", "json", "--params", params, file, big.conninfo()).stdout
    shown = dbaudit("explain", "-v", "--params", params, "--show-values", file, big.conninfo())
    assert "few: kind = '7', last = '42424'" in shown.stdout
    (finding,) = json.loads(dbaudit("explain", "-F", "json", "--params", params, file, big.conninfo()).stdout)["findings"]
    assert finding["fixes"][0]["statements"][0].startswith("CREATE INDEX CONCURRENTLY big_kind_")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.toml", "[other]\nid = 1", "no statement is called other"),
        ("p.toml", "[one]\nnope = 1", "one has no parameter nope"),
        ("p.toml", "one = 1", "one has no values for parameters"),
        ("p.json", "[", "is no JSON"),
        ("p.json", '{"one": {"id": [{"a": 1}]}}', "is no value"),
    ],
)
def test_a_file_of_values_that_does_not_fit_is_exit_2(dbaudit, newest, sql, name, content, said):
    file = sql("-- name: one\nselect 1 where 1 = :id")
    done = dbaudit("explain", "--params", sql(content, name), file, newest.conninfo())
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr, done.stderr


def test_no_analyze_runs_nothing(dbaudit, big, sql):
    done = dbaudit("explain", "--no-analyze", "-F", "json", sql("select count(*) from big;"), big.conninfo())
    (row,) = statements(done).values()
    assert (row["how"], row["execution_ms"]) == ("planned", None)


def test_runs_are_told_apart_and_refused_where_nothing_is_run(dbaudit, newest, sql):
    file = sql("select count(*) from pg_class")
    done = dbaudit("explain", "--runs", 3, "-v", file, newest.conninfo())
    assert done.returncode == 0, done.stderr
    assert "row · median of 3 runs" in done.stdout or "row · median of 2 warm runs; the first, cold, took" in done.stdout
    assert "blocks hit, 0 read" in done.stdout
    refused = dbaudit("explain", "--runs", 3, "--no-analyze", file, newest.conninfo())
    assert refused.returncode == 2
    assert "--runs 3 is for statements that are run, and --no-analyze runs none" in refused.stderr


def test_a_statement_that_times_out_is_found_and_the_others_go_on(dbaudit, big, sql):
    file = sql("-- name: slow\nselect count(*) from big a, big b, big c where a.note < b.note;\n-- name: fast\nselect 1;")
    done = dbaudit("explain", "--timeout", "0.3", "-F", "json", file, big.conninfo())
    rows = statements(done)
    assert (rows["slow"]["how"], rows["fast"]["how"]) == ("timed out", "analyzed")
    assert "PLN020" in {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1


def test_an_empty_database_has_no_scan_findings(dbaudit, newest, sql):
    newest.run("create table small (id int primary key, kind int)")
    done = dbaudit("explain", sql("select id from small where kind = 1;"), newest.conninfo())
    assert done.returncode == 0
    assert "nearly empty" in done.stdout and "nothing found" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no statement in it"),
        (b"-- only a comment\n", "no statement in it"),
        (b"select 1\0; drop table x", "NUL byte"),
        (b"select '\xff\xfe'", "not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "NUL byte"),
    ],
)
def test_a_file_that_is_not_sql_is_exit_2(dbaudit, newest, sql, content, said):
    done = dbaudit("explain", sql(content), newest.conninfo())
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and "queries.sql" in done.stderr


def test_files_that_cannot_be_read_are_exit_2(dbaudit, newest, tmp_path):
    for path, said in (
        (tmp_path, "has no .sql file"), (tmp_path / "none.sql", "no such file"), (tmp_path / "*.sql", "no file matches"),
    ):  # fmt: skip
        done = dbaudit("explain", path, newest.conninfo())
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_file_of_a_gigabyte_is_refused_at_once(dbaudit, newest, tmp_path):
    path = tmp_path / "server.log"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    done = dbaudit("explain", path, newest.conninfo())
    assert (done.returncode, done.stdout) == (2, "")
    assert "larger than 64 MB" in done.stderr


def test_a_directory_means_its_sql_files_and_a_pattern_what_it_matches(dbaudit, newest, tmp_path):
    for name in ("b.sql", "a/two.sql", "a/one.SQL", "a/notes.txt", ".git/hidden.sql"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"-- name: {name}\nselect 1;")
    (tmp_path / "empty.sql").write_text("-- nothing yet\n")
    for path, expected in (
        (tmp_path, ["a/one.SQL", "a/two.sql", "b.sql"]),
        (tmp_path / "*.sql", ["b.sql"]),
        (tmp_path / "**" / "t*.sql", ["a/two.sql"]),
    ):
        done = dbaudit("explain", "-F", "json", path, newest.conninfo())
        places = [row["span"]["path"] for row in json.loads(done.stdout)["statements"]]
        assert places == [str(tmp_path / name) for name in expected], done.stderr


def test_only_statements_that_cannot_be_explained_are_no_audit(dbaudit, newest, sql):
    done = dbaudit("explain", sql("create table a (id int);"), newest.conninfo())
    assert done.returncode == 2
    assert "no statement could be looked at" in done.stdout


def test_standard_input(dbaudit, newest):
    done = dbaudit("explain", "-F", "json", "-", newest.conninfo(), stdin="-- name: one\nselect 1;")
    assert statements(done)["one"]["how"] == "analyzed"


def test_without_a_file_or_with_two_databases_is_exit_2(dbaudit, newest):
    assert dbaudit("explain", newest.conninfo()).returncode == 2
    assert dbaudit("explain", "x.sql", newest.conninfo(), newest.conninfo()).returncode == 2


def test_ten_thousand_statements(dbaudit, newest, sql):
    file = sql("".join(f"select {number} as n;\n" for number in range(10_000)))
    done = dbaudit("explain", "--no-analyze", "-F", "json", file, newest.conninfo())
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["statements"]) == 10_000


def running(environment, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dbaudit", "explain", "-F", "json", *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


RUNNING = "from pg_stat_activity where datname = current_database() and state = 'active' and query ilike 'explain (analyze%'"


def wait_for_sleeper(admin):
    wait_for(admin, f"select count(*) > 0 {RUNNING}")


LONG = """
-- name: first
select 1;
-- name: long
select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b;
-- name: last
select 2;
"""


def test_control_c_reports_what_there_is_and_leaves_no_backend_running(newest, sql, environment):
    process = running(environment, sql(LONG), newest.conninfo())
    wait_for_sleeper(newest.admin)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    report = json.loads(stdout)
    assert [row["how"] for row in report["statements"]] == ["analyzed", "not run", "not run"]
    assert "Traceback" not in stderr
    others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    wait_for(newest.admin, f"select count(*) = 0 {others}")


def test_a_server_that_goes_away_is_exit_2_with_what_was_found(newest, sql, environment):
    process = running(environment, sql(LONG), newest.conninfo())
    wait_for_sleeper(newest.admin)
    newest.run(f"select pg_terminate_backend(pid) {RUNNING}")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    report = json.loads(stdout)
    assert [row["how"] for row in report["statements"]] == ["analyzed", "not run", "not run"]
    assert "went away" in report["failure"]
