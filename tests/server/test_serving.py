"""What serves a foreign key, case by case, on every major: our verdict is the planner's own.

The planner is asked for the look-up that the foreign key's trigger makes, generically and with sequential scans priced
out. It would ask a BRIN or a GIN index as well, and an index on some of the columns, but reads rows that do not match:
those are the cases where we say no and it says yes.
"""

from __future__ import annotations

import pytest

from dbaudit.checks.index._serving import Serving
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table
from dbaudit.sources.postgres.collect import collect

# name, columns of the foreign key, index, whether it serves, whether the planner can use it
CASES = [
    ("plain", "a", "(a)", True, True),
    ("other column", "a", "(b)", False, False),
    ("trailing columns", "a", "(a, b)", True, True),
    ("not leading", "a", "(b, a)", False, None),
    ("descending", "a", "(a desc nulls last)", True, True),
    ("included only", "a", "(b) include (a)", False, False),
    ("included besides", "a", "(a) include (b)", True, True),
    ("hash", "a", "using hash (a)", True, True),
    ("brin", "a", "using brin (a)", False, True),
    ("gin", "a", "using gin (a)", False, True),
    ("gist", "a", "using gist (a)", True, True),
    ("gist and more", "a", "using gist (a, b)", True, True),
    ("expression", "a", "((a + 0))", False, False),
    ("expression after", "a", "(a, (b + 0))", True, True),
    ("not null", "a", "(a) where a is not null", True, True),
    ("not is null", "a", "(a) where not (a is null)", True, True),
    ("not null of two", "a, b", "(a, b) where a is not null and b is not null", True, True),
    ("not null of either", "a, b", "(a, b) where a is not null or c is not null", True, True),
    ("not null of another", "a", "(a) where c is not null", False, False),
    ("not null of this and another", "a", "(a) where a is not null and c is not null", False, False),
    ("not null and more", "a", "(a) where a is not null and c > 0", False, False),
    ("is null", "a", "(a) where a is null", False, False),
    ("partial", "a", "(a) where a > 0", False, False),
    ("partial with a misleading text", "a", "(a) where t <> 'a IS NOT NULL OR a IS NOT NULL'", False, False),
    ("composite", "a, b", "(a, b)", True, True),
    ("composite in another order", "a, b", "(b, a)", True, True),
    ("composite and more", "a, b", "(b, a, c)", True, True),
    ("composite with one between", "a, b", "(a, c, b)", False, True),
    ("composite, a part of it", "a, b", "(a)", False, True),
    ("composite, a unique part of it", "a, b", "(a) unique", True, True),
    ("composite, a unique part and more", "a, b", "(a, c) unique", False, True),
    ("composite by hash", "a, b", "using hash (a)", False, True),
    ("text", "t", "(t)", True, True),
    ("text by pattern", "t", "(t text_pattern_ops)", True, True),
    ("text by another collation", "t", '(t collate "C")', False, False),
    ("text by hash", "t", "using hash (t)", True, True),
    ("text by trigrams", "t", "using gin (t gin_trgm_ops)", False, None),
    ("varchar to text", "v", "(v)", True, True),
    ("a column with a collation of its own", "k", "(k)", True, True),
    ("a column with a collation of its own, by the default", "k", '(k collate "default")', False, False),
    ("smallint to integer", "s", "(s)", True, True),
    ("numeric to integer", "n", "(n)", True, True),
    ("domain", "d", "(d)", True, True),
    ("invalid", "a", "(a) invalid", False, False),
]


@pytest.fixture
def serving(database):
    """A database with one table for each case, and what the server says of it."""
    database.run(
        "create extension btree_gin", "create extension btree_gist", "create extension pg_trgm",
        "create domain positive as int check (value > 0)",
        "create table parent (a int primary key, b int, t text unique, n numeric unique, unique (a, b))",
        'create table by_c (k text collate "C" primary key)',
    )
    for number, (_, columns, index, _, _) in enumerate(CASES):
        parent = "by_c" if columns == "k" else "parent"
        target = {"s": "a", "d": "a", "v": "t"}.get(columns, columns)
        database.run(
            'create table "T %s" (a int, b int, c int, t text, v varchar(9), k text collate "C", s smallint, n numeric, '
            "d positive, foreign key (%s) references %s (%s))" % (number, columns, parent, target)
        )
        unique = "unique " if index.endswith(" unique") else ""
        definition = index.removesuffix(" unique").removesuffix(" invalid")
        database.run(f'create {unique}index i{number} on "T {number}" {definition}')
        if index.endswith(" invalid"):
            database.run(f"update pg_index set indisvalid = false where indexrelid = 'i{number}'::regclass")
    return collect(database.session(), (ForeignKey, Index, Table, OperatorFamily))


def test_our_verdict_on_each_index_is_the_planners(database, serving):
    judge = Serving(serving)
    keys = {key.table: key for key in serving[ForeignKey]}
    database.run("set enable_seqscan = off", "set plan_cache_mode = force_generic_plan")
    wrong = []
    for number, (name, columns, index, serves, usable) in enumerate(CASES):
        ours = bool(judge.serving(keys[f'public."T {number}"']))
        planners = planner_uses(database, f'"T {number}"', columns.split(", "), f"i{number}")
        if ours != serves or (usable is not None and planners != usable):
            wrong.append((name, columns, index, f"ours: {ours}", f"the planner's: {planners}"))
    assert wrong == []


def planner_uses(database, table: str, columns: list[str], index: str) -> bool:
    condition = " and ".join(f"${number} = x.{column}" for number, column in enumerate(columns, 1))
    database.run(f"prepare look as select 1 from only {table} x where {condition} for key share of x")
    plan = database.admin.execute(f"explain execute look ({', '.join(['null'] * len(columns))})").fetchall()
    database.run("deallocate look")
    return any(f" {index} " in f"{line} " and "Filter" not in line for (line,) in plan)
