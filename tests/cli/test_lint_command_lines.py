"""A plain command line of lint is read without typer, and means what typer reads in it."""

import dataclasses
import subprocess
import sys

import pytest

from dbaudit.cli import express
from dbaudit.cli.choices import Output

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


@pytest.fixture
def read_by_typer():
    """What typer makes of the arguments of lint: the paths and the Output."""
    from typer.main import get_command

    from dbaudit.cli.app import app

    lint = get_command(app).commands["lint"]

    def read(arguments: list[str]):
        values = lint.make_context("lint", list(arguments)).params
        return values["paths"], Output(**{field.name: values[field.name] for field in dataclasses.fields(Output)})

    return read


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_a_plain_line_means_what_typer_reads_in_it(arguments, read_by_typer):
    paths, output = express.read(arguments)
    expected_paths, expected = read_by_typer(arguments)
    assert paths == list(expected_paths)
    for field in dataclasses.fields(Output):
        value, other = getattr(output, field.name), getattr(expected, field.name)
        assert (list(value) if field.name in ("select", "ignore") else value) == (
            list(other) if field.name in ("select", "ignore") else other
        )


@pytest.mark.parametrize("arguments", NOT_PLAIN, ids=lambda arguments: " ".join(arguments) or "nothing")
def test_any_other_is_left_to_typer(arguments):
    assert express.read(arguments) is None


def test_every_option_of_the_report_is_known():
    known = {name for name, _ in express._WITH_VALUE.values()} | set(express._FLAGS.values())
    assert known == {field.name for field in dataclasses.fields(Output)}


@pytest.mark.parametrize("arguments", [["lint"], ["lint", "none.sql", "--nope"], ["explain", "a.sql"], []])
def test_nothing_is_run_that_is_not_plain(arguments):
    assert express.lint_if_plain(arguments) is None


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
