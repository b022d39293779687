"""`dbaudit demo` as a new user runs it: it finds what was planted, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from majors import bin_directory
from waiting import wait_until

from dbaudit.lab import shop

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
PLANTED = {
    ("IDX001", "order_items_product_id_fkey"),
    ("IDX001", "categories_parent_id_fkey"),
    ("IDX002", "products_sku_idx"),
    ("IDX003", "orders_customer_id_idx"),
    ("IDX004", "shipments_delivered_at_idx"),
    ("IDX005", "reviews_product_id_customer_id_key"),
    ("TBL001", "events"),
    ("CON001", "max_connections"),
    ("CON002", "shop-cron"),
    ("CON004", "shop-cron"),
    ("CON010", "session timeouts"),
}


def directory_in(text: str) -> Path:
    return Path(re.search(r"(/[^\]\s]*/dbaudit-[0-9a-f]+)", text).group())


def is_named(finding: dict, name: str) -> bool:
    return name in finding["subject"]["name"] or name in finding["message"]


def test_the_demo_prints_findings_and_fixes_at_80_columns_and_leaves_nothing(dbaudit):
    done = dbaudit("demo", env={"COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines.index("Fixes") > lines.index("Findings") > lines.index("Connection slots") > lines.index("Statements")
    assert "CREATE INDEX CONCURRENTLY order_items_product_id_idx" in done.stdout
    assert "exit code 1" in done.stderr
    assert not directory_in(done.stdout).exists()


@pytest.mark.parametrize("major", [14, 17])
def test_every_planted_fault_is_found_and_healthy_statements_are_not(dbaudit, major):
    done = dbaudit("demo", "-F", "json", "--pg-bin", bin_directory(major))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert report["target"]["server_version"].startswith(f"{major}.")
    others = [finding for finding in report["findings"] if finding["subject"]["kind"] != "statement"]
    assert all(any(f["code"] == code and is_named(f, name) for f in others) for code, name in PLANTED)
    assert {finding["code"] for finding in others} == {code for code, _ in PLANTED}
    by_statement = {}
    for finding in report["findings"]:
        if finding["subject"]["kind"] == "statement":
            by_statement.setdefault(finding["subject"]["name"], set()).add(finding["code"])
    assert by_statement.keys() == shop.FAULTS.keys()
    assert all(code in by_statement[name] for name, code in shop.FAULTS.items())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_kept_server_can_be_audited_until_the_demo_is_ended_and_then_is_gone(dbaudit, environment, tmp_path, how):
    errors = tmp_path / "stderr"
    command = [sys.executable, "-m", "dbaudit", "demo", "--keep", "--pg-bin", str(bin_directory(18))]
    with errors.open("w") as stderr:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        wait_until(lambda: "dbaudit indexes" in errors.read_text(), "the demo says how to connect")
        address = re.search(r'dbaudit indexes "([^"]*)"', errors.read_text()).group(1)
        assert dbaudit("indexes", address).returncode == 1
        process.send_signal(how)
        process.wait(60)
        assert process.returncode == (0 if how == signal.SIGINT else -how)
        wait_until(lambda: not directory_in(address).exists(), "the directory is gone")
    finally:
        process.kill()
        process.wait()
