"""`--snapshot` and `--schema`: plans as production makes them, without production."""

from __future__ import annotations

import json

import pytest
from majors import bin_directory

TABLES = (
    "create table customers (id int primary key, name text)",
    "create table orders (id int primary key, customer_id int references customers, state text, placed_at timestamptz)",
    "insert into customers select i, 'secret name ' || i from generate_series(1, 1000) i",
    "insert into orders select i, 1 + i % 1000, 'paid', '2024-01-01'::timestamptz + i * interval '1 minute'"
    " from generate_series(1, 60000) i",
    "create index orders_placed_at_idx on orders (placed_at)",
    "vacuum analyze",
)
QUERIES = (
    "-- name: of_customer\nselect id, state from orders where customer_id = :customer_id;\n"
    "-- name: since\nselect id from orders where placed_at > '2024-02-10';\n"
)


@pytest.fixture
def project(dbaudit, newest, tmp_path):
    """A directory with a snapshot of a database, and statements."""
    newest.run(*TABLES)
    done = dbaudit("snapshot", newest.conninfo(), "-o", tmp_path / "prod.json", "-q")
    assert done.returncode == 0, done.stderr
    (tmp_path / "queries.sql").write_text(QUERIES)
    newest.run("drop schema public cascade")
    return tmp_path


def audited(dbaudit, command, *arguments, code=1):
    done = dbaudit(command, *arguments, "-F", "json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_statements_are_planned_as_the_source_would_and_fixes_are_proven(dbaudit, project):
    report = audited(dbaudit, "explain", project / "queries.sql", "--snapshot", project / "prod.json")
    (finding,) = report["findings"]
    assert (finding["code"], finding["subject"]["name"]) == ("PLN001", "of_customer")
    assert finding["evidence"]["read_rows_count"] == 60_000
    (fix,) = finding["fixes"]
    assert fix["statements"] == ["CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id);"]
    assert fix["proof"]["method"] == "cost" and fix["proof"]["after"] < fix["proof"]["before"] / 4
    assert [(row["how"], row["reason"].split(":")[0]) for row in report["statements"]] == [
        ("planned", "planned on the twin"),
        ("planned", "planned on the twin"),
    ]
    unproven = audited(dbaudit, "explain", "--no-proof", project / "queries.sql", "--snapshot", project / "prod.json")
    assert unproven["findings"][0]["fixes"][0]["proof"] is None


def test_indexes_of_a_snapshot(dbaudit, project):
    report = audited(dbaudit, "indexes", "--snapshot", project / "prod.json")
    (finding,) = [finding for finding in report["findings"] if finding["code"] == "IDX001"]
    assert finding["subject"] == {"kind": "table", "name": "public.orders", "column": "customer_id"}
    proof = finding["fixes"][0]["proof"]
    assert proof["method"] == "cost" and proof["after"] < proof["before"] / 4


def test_migrations_come_on_top_in_their_order_and_without_the_way_back(dbaudit, project):
    snapshot, queries, plans = project / "prod.json", project / "queries.sql", project / "plans.json"
    audited(dbaudit, "explain", queries, "--snapshot", snapshot, "--save-plans", plans)
    (project / "migrations").mkdir()
    for name, text in {
        "2_column.sql": "alter table orders add column note text",
        "10_drop.sql": "drop index orders_placed_at_idx; grant select on orders to nobody; update orders set note = ''",
        "10_drop.down.sql": "create index orders_placed_at_idx on orders (placed_at)",
        "9_again.sql": "alter table orders add column note text;\nselect 1;\nalter table nothing add column x int",
        "11_index.sql": "-- +goose Up\ncreate index concurrently on orders (customer_id);\n-- +goose Down\ndrop table orders;",
    }.items():
        (project / "migrations" / name).write_text(text)
    report = audited(
        dbaudit, "explain", queries, "--snapshot", snapshot, "--schema", project / "migrations", "--against", plans
    )
    found = {(finding["code"], finding["subject"]["name"], finding["severity"]) for finding in report["findings"]}
    assert ("PLN023", "since", "warning") in found and ("PLN001", "of_customer", "warning") not in found
    assert any("3 statements applied, 1 in effect already, 3 of data" in note for note in report["notes"]), report["notes"]
    assert any('9_again.sql:3 failed, and its effect is not in the plans: relation "nothing"' in n for n in report["notes"])


def test_a_whole_schema_takes_the_place_of_the_snapshots(dbaudit, project):
    (project / "schema.sql").write_text(
        "create table customers (id int primary key, name text);\n"
        "create table if not exists public.orders (id int primary key, customer_id int, state text, placed_at timestamptz,"
        " coupon text);\n"
        "create index on orders (coupon);"
    )
    queries = project / "new.sql"
    queries.write_text("-- name: new\nselect id from orders where coupon = 'x';\nselect id from orders where id = 7")
    report = audited(
        dbaudit, "explain", queries, "--snapshot", project / "prod.json", "--schema", project / "schema.sql", code=0
    )
    assert "orders_coupon_idx" in json.dumps(report["statements"][0]["plan"])
    assert any("3 statements applied" in note for note in report["notes"])


def test_what_does_not_go_together_is_refused(dbaudit, project, newest, tmp_path):
    snapshot, queries = project / "prod.json", project / "queries.sql"
    for command in (["explain", queries], ["indexes"]):
        done = dbaudit(*command, "--snapshot", snapshot, newest.conninfo())
        assert done.returncode == 2 and "without a server" in done.stderr, done.stderr
        done = dbaudit(*command, "--snapshot", tmp_path / "none.json")
        assert done.returncode == 2 and "none.json" in done.stderr and "Traceback" not in done.stderr
    done = dbaudit("explain", queries, "--schema", tmp_path, newest.conninfo())
    assert done.returncode == 2 and "--schema changes the schema of a snapshot" in done.stderr


def test_lint_knows_the_schema_of_a_snapshot(dbaudit, project, newest):
    queries = project / "star.sql"
    queries.write_text("select * from customers;\nselect id from orders where date(placed_at) = '2024-01-05'")
    report = audited(dbaudit, "lint", queries, "--snapshot", project / "prod.json", code=0)
    star, hidden = report["findings"]
    assert (star["code"], hidden["code"]) == ("SQL001", "SQL004")
    assert star["fixes"][0]["title"] == "list the columns that are used: id, name"
    assert "orders_placed_at_idx" in hidden["message"]
    done = dbaudit("lint", queries, "--snapshot", project / "prod.json", newest.conninfo())
    assert done.returncode == 2 and "without a server" in done.stderr


@pytest.mark.pg("== 14")
def test_a_twin_of_another_major_is_said_in_the_report(dbaudit, database, tmp_path):
    database.run("create table t (id int primary key)")
    assert dbaudit("snapshot", database.conninfo(), "-o", tmp_path / "old.json", "-q").returncode == 0
    (tmp_path / "q.sql").write_text("select id from t where id = 7")
    newer = bin_directory(16)
    report = audited(
        dbaudit, "explain", tmp_path / "q.sql", "--snapshot", tmp_path / "old.json", "--pg-bin", newer, code=0
    )
    assert "the source is PostgreSQL 14: the twin is PostgreSQL 16, which plans some statements otherwise" in report["notes"]
