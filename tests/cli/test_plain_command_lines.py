"""A plain command line of lint or explain is read without typer, and means what typer reads in it."""

import dataclasses
import subprocess
import sys

import pytest

from dbaudit.cli import express
from dbaudit.cli.choices import Connection, Explaining, Output

PLAIN = [
    ["a.sql"],
    ["-", "-q"],
    ["a.sql", "b.sql", "--exit-zero", "-F", "concise"],
    ["--format=json", "--verbose", "a.sql", "--select", "SQL001,SQL002", "--select=SQL003", "--ignore", "SQL004"],
    ["-F", "full", "--fail-on", "info", "--color=never", "-o", "report.txt", "a.sql", "--output", "last.txt"],
    ["a b.sql", "--quiet", "-v", "--color", "always"],
]
NOT_PLAIN = [
    [],
    ["-q"],
    ["a.sql", "-F"],
    ["a.sql", "-F", "xml"],
    ["a.sql", "--fail-on", "-v"],
    ["a.sql", "--format"],
    ["a.sql", "-qv"],
    ["a.sql", "-Fjson"],
    ["a.sql", "--form", "json"],
    ["a.sql", "--quiet=yes"],
    ["a.sql", "-d", "shop"],
    ["a.sql", "--", "-b.sql"],
    ["--help"],
]


PLAIN_EXPLAIN = [
    ["a.sql", "postgresql://u@h/d", "--no-analyze", "--no-proof", "-w", "--plan", "--show-values"],
    ["a.sql", "--timeout", "0.5", "--runs=5", "--params", "p.toml", "-h", "db", "-p", "5433", "-U", "me", "-d", "shop"],
    ["a.sql", "--snapshot", "s.json", "--schema", "m", "--schema=n.sql", "--pg-bin", "/bin", "--save-plans", "p.json"],
    ["a.sql", "--against", "p.json", "--host=x", "--port=1", "--username=y", "--dbname=z", "--no-password", "-q"],
]
NOT_PLAIN_EXPLAIN = [
    ["a.sql", "--timeout", "0"],
    ["a.sql", "--timeout", "nan"],
    ["a.sql", "--runs", "101"],
    ["a.sql", "--runs", "+5"],
    ["a.sql", "-p", "x"],
    ["a.sql", "-dshop"],
    ["a.sql", "--timeout=-1"],
]
GROUPS = {"output": Output, "connection": Connection, "explaining": Explaining}


@pytest.fixture
def read_by_typer():
    """What typer makes of the arguments of a command, by the names of its parameters."""
    from typer.main import get_command

    from dbaudit.cli.app import app

    def read(command: str, arguments: list[str]):
        return get_command(app).commands[command].make_context(command, list(arguments)).params

    return read


@pytest.mark.parametrize(
    ("command", "arguments"),
    [*(("lint", line) for line in PLAIN), *(("explain", line) for line in (*PLAIN, *PLAIN_EXPLAIN))],
    ids=str,
)
def test_a_plain_line_means_what_typer_reads_in_it(command, arguments, read_by_typer):
    line = express.read(command, arguments)
    expected = read_by_typer(command, arguments)
    assert line.paths == list(expected["paths" if command == "lint" else "files"])
    for name, group in GROUPS.items():
        for field in dataclasses.fields(group):
            value = getattr(getattr(line, name), field.name)
            if field.name in expected:
                other = expected[field.name]
                assert (list(value) if isinstance(value, tuple) else value) == (list(other) if isinstance(other, tuple) else other)
            else:
                assert value == field.default


@pytest.mark.parametrize(
    ("command", "arguments"),
    [*(("lint", line) for line in NOT_PLAIN), *(("explain", line) for line in NOT_PLAIN_EXPLAIN)],
    ids=str,
)
def test_any_other_is_left_to_typer(command, arguments):
    assert express.read(command, arguments) is None


def test_every_option_is_known():
    known = {name for name, _ in express._VALUES["explain"].values()} | set(express._FLAGS["explain"].values())
    assert known == {field.name for group in GROUPS.values() for field in dataclasses.fields(group)}


@pytest.mark.parametrize(
    "arguments", [["lint"], ["lint", "none.sql", "--nope"], ["explain"], ["explain", "a.sql", "--nope"], ["indexes"], []]
)
def test_nothing_is_run_that_is_not_plain(arguments):
    assert express.run_if_plain(arguments) is None


def test_both_ways_print_the_same(dbaudit, tmp_path):
    path = tmp_path / "a.sql"
    path.write_text("delete from t; select * from t where a = null;")
    for more in ([], ["-F", "json"], ["--select", "SQL002"], ["--select", "nope"], ["--ignore", "SQL"]):
        plain, by_typer = dbaudit("lint", path, *more), dbaudit("lint", "-w", path, *more)
        assert (plain.returncode, plain.stdout, plain.stderr) == (by_typer.returncode, by_typer.stdout, by_typer.stderr)


def test_the_plain_way_does_without_typer(dbaudit, tmp_path):
    path = tmp_path / "a.sql"
    path.write_text("select a from t where b = 1;")
    script = (
        f"import os, sys; sys.argv = ['dbaudit', 'lint', '-F', 'concise', {str(path)!r}]\n"
        "os._exit = lambda code: print(sorted(sys.modules))\nfrom dbaudit.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "nothing found" in done.stderr + done.stdout and "dbaudit.checks.sql.select_star" in done.stdout
    for module in ("typer", "click", "pydantic", "psycopg", "sqlglot", "rich", "dbaudit.facts.catalog", "json", "tempfile"):
        assert f"'{module}'" not in done.stdout
