"""`dbaudit lint` on files, good and bad, without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def sql(tmp_path):
    """Writes a file below a folder and gives its path."""

    def write(text: str | bytes, name: str = "queries.sql"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def findings(done) -> list[tuple[str, int, int]]:
    return [
        (row["code"], row["span"]["line"], row["span"]["column"]) for row in json.loads(done.stdout)["findings"]
    ]


def test_findings_point_at_their_place_and_fail_the_run(dbaudit, sql):
    done = dbaudit("lint", "-F", "json", sql("-- all\ndelete from t;\nselect a from t\n  where b = null;"))
    assert done.returncode == 1, done.stderr
    assert findings(done) == [("SQL012", 4, 9), ("SQL002", 2, 1)]


def test_a_clean_file_is_exit_0_with_nothing_found(dbaudit, sql):
    done = dbaudit("lint", sql("select a from t where b = $1;"))
    assert done.returncode == 0
    assert "1 statement in 1 file" in done.stdout and "nothing found" in done.stdout and done.stderr == ""


def test_infos_do_not_fail_unless_they_are_to(dbaudit, sql):
    path = sql("select * from t;")
    assert dbaudit("lint", path).returncode == 0
    assert dbaudit("lint", "--fail-on", "info", path).returncode == 1
    assert dbaudit("lint", "--fail-on", "info", "--exit-zero", path).returncode == 0


def test_directories_globs_and_files_are_read_once(dbaudit, sql, tmp_path):
    sql("delete from a;", "one.sql")
    sql("delete from b;", "deeper/two.SQL")
    sql("delete from c;", ".hidden/three.sql")
    sql("delete from d;", "four.txt")
    for paths in ([tmp_path], [tmp_path, tmp_path / "one.sql"], [tmp_path / "**" / "*.[sS][qQ][lL]"]):
        done = dbaudit("lint", "-F", "json", *paths)
        names = sorted(row["span"]["path"].rpartition("/")[2] for row in json.loads(done.stdout)["findings"])
        assert names == ["one.sql", "two.SQL"]


def test_standard_input(dbaudit):
    done = dbaudit("lint", "-F", "concise", "-", stdin="delete from t;")
    assert done.returncode == 1
    assert done.stdout.startswith("<stdin>:1:1: warning SQL002 update-or-delete-without-where: ")


def test_select_and_ignore(dbaudit, sql):
    path = sql("delete from t; select * from t where a = null;")
    assert {code for code, _, _ in findings(dbaudit("lint", "-F", "json", "--select", "SQL002", path))} == {"SQL002"}
    assert {code for code, _, _ in findings(dbaudit("lint", "-F", "json", "--ignore", "equals-null,SQL001", path))} == {"SQL002"}


def test_a_check_that_needs_a_server_is_refused_by_name(dbaudit, sql):
    done = dbaudit("lint", "--select", "SQL019", sql("select 1"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a server" in done.stderr


def test_one_that_needs_a_server_is_not_mentioned_otherwise(dbaudit, sql):
    report = json.loads(dbaudit("lint", "-F", "json", sql("select 1")).stdout)
    assert report["skipped"] == [] and "SQL019" not in report["checks_run"] and "SQL018" in report["checks_run"]


def test_what_is_not_read_is_said_once_and_is_not_clean(dbaudit, sql):
    done = dbaudit("lint", sql("select 1;\nselect {{ a }} from t;"))
    assert done.returncode == 0
    assert " ".join(done.stdout.split()).count("queries.sql:2 is not read: it is a template") == 1
    assert "checks skipped" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"), [(b"select '\xff'", "not UTF-8"), (b"select 1\0", "NUL byte"), (b"\xff\xfes\0", "UTF-16")]
)
def test_a_file_that_cannot_be_read_is_exit_2_and_the_others_are_audited(dbaudit, sql, content, said):
    good, bad = sql("delete from t;", "good.sql"), sql(content, "bad.sql")
    done = dbaudit("lint", "-F", "json", good, bad)
    report = json.loads(done.stdout)
    assert done.returncode == 2 and said in report["failure"]
    assert [row["code"] for row in report["findings"]] == ["SQL002"]


def test_what_is_not_there_is_exit_2(dbaudit, tmp_path):
    done = dbaudit("lint", tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and "has no .sql file in it" in done.stderr
    done = dbaudit("lint", tmp_path / "none.sql")
    assert done.returncode == 2 and "no such file" in done.stdout + done.stderr
    assert dbaudit("lint").returncode == 2


def test_a_migration_is_read_over_and_an_empty_file_is_clean(dbaudit, sql):
    sql("", "empty.sql")
    path = sql("create table t (a int);\ninsert into t values (1);\ncreate view v as select * from t;").parent
    done = dbaudit("lint", "--fail-on", "info", path)
    assert done.returncode == 0
    assert "definitions are read over: 2" in done.stdout


def test_bodies_that_are_not_looked_into_are_mentioned(dbaudit, sql):
    done = dbaudit("lint", sql("do $$ begin delete from t; end $$;"))
    assert "DO, are not looked into: 1" in " ".join(done.stdout.split())


def test_it_loads_no_driver_and_no_parser_for_ordinary_statements(sql):
    path = sql("select * from t where a = $1; select a from t join u on t.i = u.i where b like '%x';")
    command = [sys.executable, "-X", "importtime", "-m", "dbaudit", "lint", "-F", "concise", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert imported & {"psycopg", "rich"} == set()


def test_the_hook_for_pre_commit_runs_it(dbaudit, sql):
    (hook,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()
    done = dbaudit(*arguments, sql("delete from t;", "a.sql"), sql("select 1;", "b.sql"))
    assert program == "dbaudit" and done.returncode == 1
    assert "a.sql:1:1: warning SQL002" in done.stdout


def test_a_pipe_larger_than_a_file_may_be_is_refused(dbaudit):
    done = dbaudit("lint", "-", stdin="x" * ((64 << 20) + 1))
    assert done.returncode == 2 and "<stdin> is larger than 64 MB" in done.stdout


def test_what_cannot_be_read_in_a_directory_is_not_clean(dbaudit, tmp_path):
    (tmp_path / "link.sql").symlink_to(tmp_path / "nowhere")
    assert dbaudit("lint", tmp_path).returncode == 2


def test_a_server_that_is_named_tells_the_columns(dbaudit, sql, newest):
    newest.run('create table t (id int, "Name" text)')
    path = sql("select t.* from t;")
    for target in ([newest.conninfo()], ["-d", newest.conninfo()]):
        done = dbaudit("lint", "-F", "json", path, *target)
        report = json.loads(done.stdout)
        assert done.returncode == 0 and report["target"]["database"] == newest.name
        assert report["findings"][0]["fixes"][0]["title"] == 'list the columns that are used: t.id, t."Name"'


def test_a_server_in_the_environment_is_left_alone(dbaudit, sql):
    environment = {"PGHOST": "/nowhere", "PGDATABASE": "shop", "DATABASE_URL": "postgresql://nowhere/shop"}
    done = dbaudit("lint", sql("select * from t;"), env=environment)
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize("target", [["postgresql:///shop?host=/nowhere"], ["-h", "/nowhere"]])
def test_a_server_that_is_named_and_not_there_is_exit_2(dbaudit, sql, target):
    done = dbaudit("lint", sql("select 1;"), *target)
    assert (done.returncode, done.stdout) == (2, "") and "/nowhere" in done.stderr


def test_a_schema_that_cannot_be_read_is_said(dbaudit, sql, newest):
    newest.run("create table t (id int)", "create role blind login", "revoke select on pg_stats from public")
    try:
        done = dbaudit("lint", sql("select * from t;"), newest.conninfo("blind"))
        assert done.returncode == 0
        assert "knew the text alone, and not all of the schema: permission denied" in " ".join(done.stdout.split())
    finally:
        newest.run("grant select on pg_stats to public", "drop role blind")
