"""Statements at random, and what the server answers to them and to their rewrites: the same, or both an error."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import psycopg

from dbaudit.sources.postgres.rewritable import read_rewrites
from dbaudit.sources.sqlfile import split

TABLES = (
    "create table t (id int primary key, y int not null, n int, ts timestamp)",
    "create table u (y int not null, n int, id int)",
    "insert into t select g, g % 7, nullif(g % 4, 0), timestamp '2023-12-30' + g * interval '9 hours' from generate_series(1, 25) g",
    "insert into t values (30, 1, null, null)",
    "insert into u select g % 9, nullif(g % 5, 0), nullif(g % 3, 0) from generate_series(1, 20) g",
    "insert into u select * from u",
    "set statement_timeout = '5s'",
)
LISTS = (
    "a.id", "a.*", "a.id, (select count(*) from u where u.y = a.id) > 0", "count(*) > 0", "a.n, a.id as x",
    "(select count(*) from u) = 0 as q, a.ts", "case when (select count(*) from u where u.n = a.n) > 0 then 1 end",
)  # fmt: skip
SOURCES = (
    "t a", "t a join u c on a.id = c.y or a.n = c.n", "t a left join u c on a.id = c.y", "t a join u c on a.y = c.y",
    "u c, t a", "t a join u c on a.id = c.y or a.y = c.n or a.n = c.n",
)  # fmt: skip
CONDITIONS = (
    "a.id not in (select y from u b where b.n = 3)", "a.id not in (select u.y from u)", "a.n not in (select u.y from u)",
    "(select count(*) from u b where b.y = a.id) > 0", "(select count(*) from u where n is null and y = a.y) = 0",
    "a.ts::date = '2024-01-03'", "date(a.ts) > '2024-01-03'", "date_trunc('day', a.ts) = '2024-01-03'",
    "extract(year from a.ts) = 2023", "a.n = 3", "a.y in (1, 2)",
)  # fmt: skip
ODD = (
    "not", "(", ")", ",", "> 0", "is null", "is true", "and", "or", "as x", "= false", "c.n", "t", "distinct", "order by 1",
    "group by a.id", "union all select 1", "limit 5",
)  # fmt: skip


def condition(pick: random.Random, depth: int = 0) -> str:
    kind = pick.choice(("plain", "plain", "and", "or", "not")) if depth < 3 else "plain"
    if kind == "plain":
        return pick.choice(CONDITIONS)
    if kind == "not":
        return f"not ({condition(pick, depth + 1)})"
    return f"({condition(pick, depth + 1)} {kind} {condition(pick, depth + 1)})"


def statement(pick: random.Random) -> str:
    """A statement with NULLs, duplicates and subqueries in it; one in three has a word too many."""
    words = f"select {pick.choice(LISTS)} from {pick.choice(SOURCES)} where {condition(pick)}".split(" ")
    if pick.random() < 0.33:
        words.insert(pick.randrange(len(words)), pick.choice(ODD))
    return " ".join(words)


def answer(database, text: str) -> tuple | None:
    try:
        result = database.admin.execute(text).pgresult
    except psycopg.Error:
        return None
    fields = range(result.nfields)
    rows = Counter(tuple(result.get_value(row, field) for field in fields) for row in range(result.ntuples))
    return [result.fname(field) for field in fields], rows


def test_a_rewrite_never_answers_otherwise_than_its_statement(newest) -> None:
    newest.run(*TABLES)
    pick = random.Random(7)
    texts = {statement(pick) for _ in range(300)}
    statements = [replace(split(text, "q.sql")[0], identity=text) for text in sorted(texts) if "limit" not in text]
    session = newest.session()
    try:
        rewrites = read_rewrites(session, statements)
    finally:
        session.close()
    assert len(rewrites) > 150
    for rewrite in rewrites:
        assert answer(newest, rewrite.statement.text) == answer(newest, rewrite.identity), rewrite.statement.text
