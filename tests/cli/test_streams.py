"""Exit codes, streams, files, pipes and colours."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
FAULTY = "create table parent (id int); create index on parent (id); create index on parent (id)"


@pytest.fixture
def faulty(newest):
    newest.run(FAULTY)
    return newest


def test_findings_are_exit_1_and_exit_zero_turns_that_into_0(dbaudit, faulty):
    assert dbaudit("indexes", faulty.conninfo()).returncode == 1
    assert dbaudit("indexes", "--exit-zero", faulty.conninfo()).returncode == 0


def test_fail_on_decides_from_which_severity_on(dbaudit, faulty):
    assert dbaudit("indexes", "--fail-on", "error", faulty.conninfo()).returncode == 0


def test_select_and_ignore(dbaudit, faulty):
    ignored = dbaudit("indexes", "-F", "json", "--ignore", "duplicate-index,TBL001", faulty.conninfo())
    assert json.loads(ignored.stdout)["findings"] == []
    selected = dbaudit("indexes", "-F", "json", "--select", "TBL", faulty.conninfo())
    assert {finding["code"] for finding in json.loads(selected.stdout)["findings"]} == {"TBL001"}


@pytest.mark.parametrize("arguments", [["--select", "IDX9"], ["--ignore", "IDX,TBL"], ["--fail-on", "fatal"], ["--no"]])
def test_a_wrong_option_is_exit_2(dbaudit, newest, arguments):
    done = dbaudit("indexes", *arguments, newest.conninfo())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_json_is_alone_on_stdout_and_keeps_its_schema(dbaudit, faulty):
    done = dbaudit("indexes", "-F", "json", faulty.conninfo())
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert report["summary"]["exit_code"] == done.returncode == 1
    assert "superuser" in done.stderr


def test_a_pipe_gets_no_colour_unless_asked(dbaudit, faulty):
    assert "\x1b" not in dbaudit("indexes", faulty.conninfo()).stdout
    assert "\x1b" in dbaudit("indexes", "--color", "always", faulty.conninfo()).stdout
    assert "\x1b" in dbaudit("indexes", faulty.conninfo(), env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in dbaudit("indexes", faulty.conninfo(), env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


def test_eighty_columns(dbaudit, faulty):
    text = dbaudit("indexes", faulty.conninfo(), env={"COLUMNS": "80"}).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "Fixes" in text


def test_a_reader_that_goes_away_is_no_error(faulty, environment):
    shell = f"{sys.executable} -m dbaudit indexes {shlex.quote(faulty.conninfo())} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() in ("0", "1")
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr


def test_a_full_disk_is_exit_2_and_one_line(dbaudit, faulty):
    with open("/dev/full", "w") as full:
        done = dbaudit("indexes", faulty.conninfo(), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr


def test_a_report_in_a_file(dbaudit, faulty, tmp_path):
    file = tmp_path / "report.json"
    done = dbaudit("indexes", "-F", "json", "-o", file, faulty.conninfo())
    assert (done.returncode, done.stdout) == (1, "")
    jsonschema.validate(json.loads(file.read_text()), SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_file_that_cannot_be_written_is_exit_2(dbaudit, faulty, tmp_path):
    done = dbaudit("indexes", "-o", tmp_path / "no" / "such", faulty.conninfo())
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_hostile_names_reach_neither_terminal_nor_markup(dbaudit, newest):
    newest.run('create table "[red]\x1b[31mevil[/]\u202e" (id int); create index on "[red]\x1b[31mevil[/]\u202e" (id)')
    for format in ("full", "concise", "json"):
        text = dbaudit("indexes", "-F", format, newest.conninfo()).stdout
        assert not {"\x1b", "\u202e"} & set(text)
        assert "[red]" in text


def test_an_unexpected_exception_is_exit_2_in_one_line(newest, environment):
    script = (
        "import sys, dbaudit.engine\n"
        "def audit(**_): raise RuntimeError('boom')\n"
        "dbaudit.engine.audit = audit\n"
        f"sys.argv = ['dbaudit', 'indexes', '-q', {newest.conninfo()!r}, *sys.argv[1:]]\n"
        "from dbaudit.cli import main\nmain()"
    )
    for more, expected in (([], False), (["-v"], True)):
        done = subprocess.run(
            [sys.executable, "-c", script, *more], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "internal error: RuntimeError: boom" in done.stderr
        assert ("Traceback" in done.stderr) is expected


def test_version_and_help(dbaudit):
    assert dbaudit("--version").stdout.startswith("dbaudit ")
    for command in ("demo", "explain", "indexes", "connections", "checks"):
        done = dbaudit(command, "--help")
        assert done.returncode == 0 and done.stdout.startswith("Usage:")


def test_the_catalogue_and_one_page(dbaudit):
    assert "IDX001  unindexed-foreign-key" in dbaudit("checks").stdout
    for name in ("IDX001", "unindexed-foreign-key"):
        assert dbaudit("checks", name).stdout.startswith("# IDX001 unindexed-foreign-key")
    assert dbaudit("checks", "nonsense").returncode == 2
    assert json.loads(dbaudit("checks", "-F", "json").stdout)[0]["code"] == "CON001"
