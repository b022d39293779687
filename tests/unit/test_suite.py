"""The rules of our own test suite: nothing is skipped, and a test is made for the majors it is about and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from majors import concerned

TESTS = Path(__file__).parents[1]

SUITE = """
import pytest

def test_that_skips():
    pytest.skip("no time")

@pytest.mark.skipif(True, reason="no mood")
def test_that_is_not_run():
    pass

@pytest.mark.xfail
def test_that_is_known_to_fail():
    assert False

def test_that_passes():
    pass

@pytest.mark.pg("<= 15")
def test_about_two_majors(database):
    pass
"""


def run_pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, env=environment)


def test_a_skip_is_a_failure_and_an_expected_failure_is_not(tmp_path):
    (tmp_path / "test_it.py").write_text(SUITE)
    outcome = run_pytest(tmp_path, "-k", "not majors")
    assert "= 1 failed, 1 passed, 2 deselected, 1 xfailed" in outcome.stdout and "1 error in" in outcome.stdout
    assert outcome.returncode == 1


def test_a_module_that_skips_itself_is_an_error(tmp_path):
    (tmp_path / "test_it.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    assert run_pytest(tmp_path).returncode == 2


def test_a_test_is_made_for_the_majors_it_is_about(tmp_path):
    (tmp_path / "test_it.py").write_text(SUITE)
    listed = run_pytest(tmp_path, "--collect-only", "-q", "-k", "majors").stdout
    assert [line for line in listed.splitlines() if "::" in line] == [
        "test_it.py::test_about_two_majors[pg14]", "test_it.py::test_about_two_majors[pg15]"
    ]


@pytest.mark.parametrize(
    ("spec", "majors"),
    [(">= 17", [17, 18]), ("> 17", [18]), ("< 15", [14]), ("<= 15", [14, 15]), ("==16", [16]), (">= 19", [])],
)
def test_a_specification_names_majors(spec, majors):
    assert concerned(spec) == majors
