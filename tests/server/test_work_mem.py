"""The work_mem that sort-spilled, hash-spilled and lossy-bitmap name is enough, on every major, for narrow and wide rows."""

from __future__ import annotations

import pytest

from dbaudit.checks.plan.hash_spilled import hash_spilled
from dbaudit.checks.plan.lossy_bitmap import lossy_bitmap
from dbaudit.checks.plan.sort_spilled import sort_spilled
from dbaudit.checks.registry import Check
from dbaudit.sources.postgres.plan_facts import explained_facts
from dbaudit.sources.sqlfile import split

SORTS = ("select k from s order by k", "select * from s order by note, k", "select wide, k from s order by wide, k")


@pytest.mark.parametrize("statement", SORTS)
def test_the_work_mem_that_is_named_holds_the_sort(database, statement: str) -> None:
    database.run(
        "create table s as select n * 7919 % 100003 as k, 'note ' || n as note, repeat('x', 200) as wide "
        "from generate_series(1, 20000) n",
        "analyze s",
        "alter role postgres set max_parallel_workers_per_gather = 0",
    )
    try:
        (finding,) = spilled(sort_spilled, database, statement, "64kB")
        named = finding.fixes[0].title.partition("work_mem = '")[2].rstrip("'")
        assert finding.evidence["needed_bytes"] < 4 * finding.evidence["disk_bytes"] + 2**20
        assert spilled(sort_spilled, database, statement, f"{finding.evidence['needed_bytes'] // 1024}kB") == []
        assert spilled(sort_spilled, database, statement, named) == []
    finally:
        database.run("alter role postgres reset all")


def test_the_work_mem_that_is_named_holds_the_hash_table(database) -> None:
    database.run(
        "create table c as select n as id, 'name ' || n as name from generate_series(1, 30000) n",
        "create table o as select n as id, n % 30000 as c_id from generate_series(1, 60000) n",
        "analyze",
        "alter role postgres set max_parallel_workers_per_gather = 0",
        "alter role postgres set enable_mergejoin = off",
    )
    statement = "select o.id, c.name from o join c on c.id = o.c_id"
    try:
        (finding,) = spilled(hash_spilled, database, statement, "64kB")
        named = finding.fixes[0].title.partition("work_mem = '")[2].rstrip("'")
        assert int(named.removesuffix("MB")) <= 8
        assert spilled(hash_spilled, database, statement, named) == []
    finally:
        database.run("alter role postgres reset all")


@pytest.mark.pg(">= 17")
def test_the_work_mem_that_is_named_holds_the_bitmap(database) -> None:
    database.run(
        "create table e as select n % 60 as kind, repeat('x', 100) as note from generate_series(1, 120000) n",
        "create index on e (kind)",
        "vacuum analyze e",
        "alter role postgres set max_parallel_workers_per_gather = 0",
        "alter role postgres set enable_seqscan = off",
        "alter role postgres set enable_indexscan = off",
    )
    statement = "select count(note) from e where kind = 7"
    try:
        (finding,) = spilled(lossy_bitmap, database, statement, "64kB")
        needed_kb = -(-finding.evidence["needed_bytes"] // 1024)
        assert needed_kb <= 256
        assert spilled(lossy_bitmap, database, statement, f"{needed_kb}kB") == []
    finally:
        database.run("alter role postgres reset all")


def spilled(check: Check, database, statement: str, work_mem: str) -> list:
    database.run(f"alter role postgres set work_mem = '{work_mem}'")
    session = database.session()
    try:
        return list(check.verdicts(explained_facts(session, split(statement, "sort.sql"))))
    finally:
        session.close()
