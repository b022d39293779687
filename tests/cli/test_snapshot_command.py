"""`dbaudit snapshot` as a user runs it."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys

import pytest

from dbaudit.sources.snapshot import read


@pytest.fixture
def filled(newest):
    """A database with a row that nobody else should see."""
    newest.run(
        "create table people (id int primary key, name text)",
        "insert into people select n, 'Hunter ' || n % 2 from generate_series(1, 100) n",
        "analyze",
    )
    return newest


def test_a_file_its_owners_alone_and_what_to_think_of(dbaudit, filled, tmp_path) -> None:
    path = tmp_path / "prod.dbaudit.json.gz"
    done = dbaudit("snapshot", filled.conninfo(), "-o", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "objects, 1 table, statistics of 1 relation: written to" in done.stderr
    assert "most common values and histogram bounds are real data: the file is yours alone (0600)" in done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Hunter 1" in read(path).statistics[1].most_common_values
    again = dbaudit("snapshot", filled.conninfo(), "-o", path, "--redact", "-q")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert read(path).is_redacted and "Hunter" not in str(read(path).statistics)


def test_a_pipe_gets_the_json_and_nothing_else(dbaudit, filled) -> None:
    done = dbaudit("snapshot", filled.conninfo(), "--table", "people")
    value = json.loads(done.stdout)
    assert (done.returncode, value["dbaudit"], value["version"]) == (0, "snapshot", 1)
    assert [each["name"] for each in value["objects"] if each["kind"] == "table"] == ["public.people"]
    assert "written to standard output" in done.stderr


def test_a_terminal_is_told_to_name_a_file(environment, filled) -> None:
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "dbaudit", "snapshot", filled.conninfo()]
    done = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, text=True, env=environment)
    os.close(terminal)
    os.close(master)
    assert done.returncode == 2
    assert "try: dbaudit snapshot … -o prod.dbaudit.json" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "absent", "-o", "x.json"], "no table, view or sequence of this database matches absent"),
        (["-o", "/nonexistent/x.json"], "/nonexistent is no directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(dbaudit, filled, tmp_path, arguments, message) -> None:
    done = dbaudit("snapshot", filled.conninfo(), *arguments, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
