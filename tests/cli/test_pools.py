"""`dbaudit pools PATH` as a user runs it: on good and bad source, without a server."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ROUTE = """import psycopg
from fastapi import FastAPI
app = FastAPI()

@app.get("/orders")
def orders():
    with psycopg.connect("dbname=shop") as conn:
        return conn.execute("select 1").fetchall()
"""


@pytest.fixture
def source(tmp_path):
    """Writes a Python file and gives its directory."""

    def write(text: str, name: str = "app.py"):
        (tmp_path / "pyproject.toml").touch()
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_a_finding_has_its_place_its_path_and_its_confidence_and_fails_the_run(dbaudit, source):
    done = dbaudit("pools", "-F", "json", source(ROUTE))
    (row,) = json.loads(done.stdout)["findings"]
    assert done.returncode == 1 and row["code"] == "POL010" and row["confidence"] == "high"
    assert (row["span"]["line"], row["span"]["column"]) == (7, 10)
    assert row["evidence"]["call_path"] == "GET /orders → orders → psycopg.connect"
    assert row["subject"] == {"kind": "function", "name": "app.orders", "column": None}


def test_clean_source_is_exit_0_and_says_how_much_was_read(dbaudit, source):
    done = dbaudit("pools", source("import psycopg\n"))
    assert done.returncode == 0
    assert "1 Python file read, none of them run" in done.stdout and "nothing found" in done.stdout


def test_what_cannot_be_parsed_is_said_with_its_place_and_the_rest_is_audited(dbaudit, source):
    source("print 'hello'", "old.py")
    done = dbaudit("pools", "-F", "concise", source("import psycopg\nimport old"))
    assert done.returncode == 0 and "old.py:1 is not read: Missing parentheses" in done.stdout


def test_where_nothing_can_be_read_there_is_no_audit(dbaudit, source):
    done = dbaudit("pools", source("import psycopg\nprint 'hello'"))
    assert done.returncode == 2 and "no file could be read" in done.stdout
    assert dbaudit("pools", source("") / "nothing").returncode == 2
    assert dbaudit("pools", "--nothing").returncode == 2


def test_it_runs_nothing_and_loads_neither_driver_nor_parser(source):
    path = source(f"import psycopg\nopen({str(source('') / 'ran')!r}, 'w')\n", "evil.py")
    command = [sys.executable, "-X", "importtime", "-m", "dbaudit", "pools", "-F", "concise", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0 and imported & {"psycopg", "sqlglot", "rich"} == set()
    assert not (path / "ran").exists()


COMPOSE = """services:
  api:
    build: .
    command: gunicorn app:app -w 4 -k uvicorn.workers.UvicornWorker
    deploy: {replicas: 8}
"""
ENGINE = 'from sqlalchemy import create_engine\nengine = create_engine("postgresql://u@db/shop", pool_size=10, max_overflow=20)\n'


def test_the_sum_of_all_pools_is_held_against_what_the_server_has(dbaudit, source, newest):
    source(COMPOSE, "docker-compose.yml")
    project = source(ENGINE)
    done = dbaudit("pools", project, "--max-connections", "100", "-F", "json")
    (finding,) = [found for found in json.loads(done.stdout)["findings"] if found["code"] == "POL001"]
    assert done.returncode == 1 and "api: 8 instances × 4 workers × (10 + 20) = 960" in finding["message"]
    assert "97 are usable" in finding["message"]
    fits = dbaudit("pools", project, "--max-connections", "2000", "--select", "POL001")
    assert fits.returncode == 0 and "960 of 1,997 usable" in fits.stdout
    asked = dbaudit("pools", project, newest.conninfo(), "--select", "POL001", "-q")
    assert asked.returncode == 1 and "960 of 97 usable" in asked.stdout
    alone = dbaudit("pools", project)
    assert "the sum of all pools is not held against a server" in alone.stdout and "POL001" not in alone.stdout
