"""`dbaudit connections` as a user runs it: in a pipe, interrupted, and for a collector of metrics."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import psycopg
import pytest

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
HOSTILE = '\x1b[31m"quoted"\\\nname'
SAMPLE = re.compile(r'dbaudit_[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? -?[0-9.e+-]+')


@pytest.fixture
def hostile(newest):
    with psycopg.connect(newest.conninfo(), application_name=HOSTILE) as connection:
        yield connection


def test_watching_ends_with_a_report_and_says_nothing_into_a_pipe_meanwhile(dbaudit, newest):
    done = dbaudit("connections", newest.conninfo(), "--watch", "--seconds", "0.1", "--exit-zero")
    assert done.returncode == 0
    assert "looking every second for 0.1 s, or until Ctrl-C" in done.stderr
    assert "[" not in done.stderr
    assert "Connection slots" in done.stdout


def test_ctrl_c_while_watching_is_an_end_and_no_failure(environment, newest):
    command = [sys.executable, "-m", "dbaudit", "connections", newest.conninfo(), "--watch", "--exit-zero", "-F", "json"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "looking every second until Ctrl-C" not in running.stderr.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    stdout, _ = running.communicate(timeout=60)
    report = json.loads(stdout)
    jsonschema.validate(report, SCHEMA)
    assert running.returncode == 0
    assert report["sessions"]["path"]["is_pooled"] is False
    assert report["sessions"]["looks"]


def test_metrics_are_of_the_form_that_collectors_read(dbaudit, newest, hostile, tmp_path):
    file = tmp_path / "dbaudit.prom"
    done = dbaudit("connections", newest.conninfo(), "--seconds", "0.01", "-F", "openmetrics", "--exit-zero", "-o", file)
    assert (done.returncode, done.stdout) == (0, "")
    *lines, end = file.read_text().splitlines()
    assert end == "# EOF"
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))
    for line in lines:
        assert re.fullmatch(r"# (HELP|TYPE) dbaudit_[a-z_]+ .+", line) or SAMPLE.fullmatch(line), line
    (shown,) = newest.admin.execute("select application_name from pg_stat_activity where application_name like '%quoted%'")
    assert "application=" + json.dumps(shown[0]) in file.read_text()
    assert file.stat().st_mode & 0o044 or not file.parent.stat().st_mode & 0o044
    assert [path.name for path in tmp_path.iterdir()] == ["dbaudit.prom"]


def test_any_audit_can_be_metrics(dbaudit, newest):
    newest.run("create table t (id int)", "create index on t (id)", "create index on t (id)")
    done = dbaudit("indexes", newest.conninfo(), "-F", "openmetrics", "--fail-on", "info")
    assert done.returncode == 1
    assert 'dbaudit_exit_code{command="indexes"} 1\n' in done.stdout
    assert 'dbaudit_check_findings{command="indexes",code="IDX002",check="duplicate-index"} 1\n' in done.stdout


def test_the_cost_of_connecting_is_measured_only_where_it_is_asked_for(dbaudit, newest):
    without = json.loads(dbaudit("connections", newest.conninfo(), "--samples", "1", "-F", "json").stdout)
    assert "CON012" not in without["checks_run"] + [skip["code"] for skip in without["skipped"]]
    done = dbaudit("connections", newest.conninfo(), "--samples", "1", "--connect-cost", "-F", "json", "--exit-zero")
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert "CON012" in report["checks_run"]
    assert report["sessions"]["connect_cost"]["connect_ms"] > 0
