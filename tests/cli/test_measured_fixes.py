"""`explain --prove-on`: fixes with times from a copy, and the refusals."""

from __future__ import annotations

import json

import psycopg
import pytest

TABLES = (
    "create table big (id int primary key, day timestamptz not null, note text)",
    "insert into big select n, timestamptz '2024-01-01' + n * interval '1 minute', 'note ' || n from generate_series(1, {}) n",
    "create index on big (day)",
    "analyze big",
)
QUERIES = """-- name: note
select id from big where note = 'note 77';
-- name: day
select note from big where day::date = '2024-01-02';
-- name: page
select id, note from big order by day limit 20 offset 50000;
"""


@pytest.fixture
def explained(dbaudit, newest, tmp_path):
    """Runs explain on the queries, and gives the proof of each statement's first fix, and the notes."""
    newest.run(*(text.format(60_000) for text in TABLES))
    (tmp_path / "q.sql").write_text(QUERIES)

    def run(copy: str) -> tuple[dict[str, dict], list[str]]:
        options = ("-F", "json", "--select", "PLN001,PLN008,PLN022", "--prove-on", copy)
        done = dbaudit("explain", *options, tmp_path / "q.sql", newest.conninfo())
        assert done.returncode == 1, done.stderr
        report = json.loads(done.stdout)
        return {found["subject"]["name"]: found["fixes"][0]["proof"] for found in report["findings"]}, report["notes"]

    return run


def test_fixes_carry_times_of_the_copy(explained, newest):
    proofs, notes = explained("target")
    for name, words in (("note", "an INSERT"), ("day", "interleaved runs on the copy")):
        proof = proofs[name]
        assert proof["method"] == "measured" and 0 < proof["after"] < proof["before"] / 5
        assert words in proof["detail"].replace("no INSERT", "an INSERT") and newest.name in proof["server"]
    assert proofs["page"]["method"] == "cost"
    assert notes == ["page: not measured on the copy: what it would be has other parameters"]
    relations = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
    assert newest.admin.execute(relations).fetchone() == (3,)


def test_a_copy_that_is_too_small_to_tell_leaves_it_to_the_cost(explained, servers):
    with psycopg.connect(servers[17].conninfo(), autocommit=True) as admin:
        admin.execute("create database small_copy")
    try:
        with psycopg.connect(servers[17].conninfo("small_copy"), autocommit=True) as admin:
            for text in TABLES:
                admin.execute(text.format(30))
        proofs, notes = explained(servers[17].conninfo("small_copy"))
    finally:
        with psycopg.connect(servers[17].conninfo(), autocommit=True) as admin:
            admin.execute("drop database small_copy with (force)")
    assert [proof["method"] for proof in proofs.values()] == ["cost"] * 3
    assert "has so little to read on the copy that its time there tells nothing" in notes[0] + notes[1]


def test_what_is_no_copy_ends_the_command_before_anything_is_run(dbaudit, newest, tmp_path):
    (tmp_path / "q.sql").write_text("select 1")
    for options, words in (
        ((newest.conninfo(),), ("names the audited server itself", "--prove-on target")),
        (("shop",), ("--prove-on shop is no connection string",)),
        (("postgresql://nobody@localhost:1/x",), ("--prove-on: ",)),
        (("target", "--no-proof"), ("not with --no-proof",)),
        (("target", "--snapshot", "prod.json"), ("not with --snapshot",)),
    ):
        done = dbaudit("explain", tmp_path / "q.sql", newest.conninfo(), "--prove-on", *options)
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert all(word in done.stderr for word in words), done.stderr
