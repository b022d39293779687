"""The work_mem that sort-spilled names holds the sort, on every major and for narrow and wide rows."""

from __future__ import annotations

import pytest

from dbaudit.checks.plan.sort_spilled import sort_spilled
from dbaudit.sources.postgres.explain import explained_facts
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
        (finding,) = spilled(database, statement, "64kB")
        named = finding.fixes[0].title.partition("work_mem = '")[2].rstrip("'")
        assert finding.evidence["needed_bytes"] < 4 * finding.evidence["disk_bytes"] + 2**20
        assert spilled(database, statement, f"{finding.evidence['needed_bytes'] // 1024}kB") == []
        assert spilled(database, statement, named) == []
    finally:
        database.run("alter role postgres reset all")


def spilled(database, statement: str, work_mem: str) -> list:
    database.run(f"alter role postgres set work_mem = '{work_mem}'")
    session = database.session()
    try:
        return list(sort_spilled.verdicts(explained_facts(session, split(statement, "sort.sql"))))
    finally:
        session.close()
