"""The readers of plans against the server's own JSON: every format that it prints says the same."""

from __future__ import annotations

import json
from dataclasses import fields

import psycopg

from dbaudit.facts.plan import Plan, PlanNode, plan_from_json
from dbaudit.facts.statement import How
from dbaudit.sources import plans

SCHEMA = """
create table o (id int primary key, c int not null, s text);
insert into o select n, n % 50, 'x' || n % 7 from generate_series(1, 20000) n;
create index o_c_idx on o (c);
create schema "Odd one";
create table "Odd one"."a ""b"" (c" (id int primary key, "x, y" int);
insert into "Odd one"."a ""b"" (c" select n, n from generate_series(1, 500) n;
create table p (a int, b int) partition by range (a);
create table p1 partition of p for values from (0) to (10);
create table p2 partition of p for values from (10) to (20);
insert into p select n % 20, n from generate_series(1, 1000) n;
create view v as select id, c from o where s like 'x1%';
create function gen(n int) returns setof int language sql as 'select generate_series(1, n)';
"""
SETUP = "set work_mem = '64kB'; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set jit = off"
PARALLEL = "set min_parallel_table_scan_size = 0; set min_parallel_index_scan_size = 0"

STATEMENTS = (
    "select * from o where c = 7 and s = 'x1'",
    "select * from o where c = 7 or c = 9 order by id desc limit 3",
    "select id from o order by id desc limit 5",
    "select c, s from o where id between 5 and 9 and s <> 'it''s (a \"line\n  ->  Sort  (cost=1' || s",
    "select id, s from o order by s, id",
    "select * from o order by c, s limit 4000",
    "select c, count(*) from o group by c having count(*) > 3",
    "select id, count(*) from o group by id",
    "select s, c, count(*) from o group by grouping sets ((s), (c), ())",
    "select s, c, count(*) from o group by rollup (s, c)",
    "select * from o a join o b on b.id = a.c + 1 where a.s = 'x1'",
    "select * from o a left join o b on b.id = a.id and b.c > 5 and a.c < b.c order by a.s",
    "select count(*) from o a full join o b on a.id = b.id where a.id is null or b.id % 2 = 0",
    "select * from o a where not exists (select from o b where b.id = a.c) and a.id = any (select c from o)",
    "with x as materialized (select * from o where s = 'a\nb') select * from x where id = (select max(id) from o)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 10) select * from r",
    "select id, (select count(*) from p where p.a = o.c) from o where id < 20",
    "select * from o where id not in (select b from p)",
    "select * from p where a = 3 union all select id, c from v union select * from (values (1, 2), (3, 4)) as q (k, l)",
    "select id from o intersect select b from p except all select 3",
    'select "x, y", id from "Odd one"."a ""b"" (c" as "T" where "x, y" > 3 order by "x, y" desc nulls last, id',
    "select * from gen(5) as g (n), generate_series(1, 3), unnest(array[1, 2], array['a, b', 'c']) as u (k, l)",
    "select row_number() over (partition by c order by id), rank() over (order by s) from o where id < 100",
    "select distinct on (c) c, id from o order by c, id",
    "select * from o tablesample system (10) repeatable (1) where ctid = '(0,1)'::tid or c = 1",
    "select * from o where ctid = '(0,1)' for update",
    "select 1 where false",
    "select generate_series(1, c) from o where id = 1",
    "insert into o values (1, 1, '') on conflict (id) do update set c = excluded.c + 1 where o.c > 5",
    "update p set b = b + 1 where a in (select c from o where id < 9)",
    "delete from o using p where p.b = o.id and p.a = 1 returning o.*",
    "select xmltable.x from xmltable('/a' passing '<a/>' columns x text path 'b')",
)  # fmt: skip
PARALLEL_STATEMENTS = (
    "select s, count(*), sum(c) from o group by s order by s",
    "select count(*) from o a join o b on a.id = b.c where a.s = 'x1'",
    "select * from o where c < 30 order by s",
    "select * from o where c = (select max(a) from p)",
)
ESTIMATED = ("verbose", "costs off", "verbose, settings")
ANALYZED = ("analyze", "analyze, costs off, timing off, summary off")

# What differs between two runs of a statement in one process.
RUN = {"actual_startup_ms", "actual_total_ms", "shared_hit_blocks", "shared_read_blocks", "temp_read_blocks",
       "temp_written_blocks", "sort_space_kb", "peak_memory_kb", "heap_fetches"}  # fmt: skip
# What EXPLAIN's text does not say unless it is VERBOSE.
ONLY_VERBOSE = {"inner_unique"}
BLOCKS = {"shared_hit_blocks", "shared_read_blocks", "temp_read_blocks", "temp_written_blocks"}


def not_in(text: str, options: str) -> set[str]:
    """The fields that a plan in text does not tell."""
    return (set() if "verbose" in options else ONLY_VERBOSE) | (set() if "Buffers:" in text else BLOCKS)


def differences(expected: PlanNode, got: PlanNode, *, apart_from: set[str], ignored: set[str]) -> list[str]:
    """The fields in which two trees differ, with both values; of those in `apart_from`, whether they are there."""
    pairs, found = [(expected, got)], []
    while pairs:
        left, right = pairs.pop()
        if len(left.children) != len(right.children):
            found.append(f"{left.node_type}: {len(left.children)} children, {len(right.children)} read")
        pairs += zip(left.children, right.children)
        for field in fields(PlanNode):
            a, b = getattr(left, field.name), getattr(right, field.name)
            if field.name == "children" or field.name in ignored:
                continue
            if field.name in apart_from:
                if (a is None) != (b is None):
                    found.append(f"{left.node_type}.{field.name}: {a!r}, read {b!r}")
            elif a != b:
                found.append(f"{left.node_type}.{field.name}: {a!r}, read {b!r}")
    return found


def read_one(text: str) -> Plan:
    (found,) = plans.find(text.encode(), "plan.txt")
    return plan_from_json(found.raw)


def explained(connection: psycopg.Connection, options: str, form: str, statement: str) -> str:
    with connection.transaction(force_rollback=True):
        rows = connection.execute(f"explain ({options}, format {form}) {statement}").fetchall()
    return json.dumps(rows[0][0]) if form == "json" else "\n".join(row[0] for row in rows)


def assert_all_formats_agree(database, statements, apart_from, *options_lists):
    connection = database.admin
    for statement in statements:
        for options in options_lists:
            reference = plan_from_json(json.loads(explained(connection, options, "json", statement))[0])
            for form in ("json", "yaml", "text"):
                text = explained(connection, options, form, statement)
                got = read_one(text)
                ignored = not_in(text, options) if form == "text" else set()
                less = apart_from - ignored
                assert differences(reference.root, got.root, apart_from=less, ignored=ignored) == [], f"{form}, {options}\n{text}"
                assert reference.settings == got.settings, text
                for name in ("planning_ms", "execution_ms", "jit_ms"):
                    assert (getattr(reference, name) is None) == (getattr(got, name) is None), (name, text)


def test_every_format_says_the_same(database):
    database.run(SCHEMA, "analyze", SETUP, "set max_parallel_workers_per_gather = 0")
    assert_all_formats_agree(database, STATEMENTS, set(), *ESTIMATED)
    # A change that is rolled back leaves a larger table, and with it another plan.
    reading = [statement for statement in STATEMENTS if not statement.startswith(("insert", "update", "delete"))]
    assert_all_formats_agree(database, reading, RUN, *ANALYZED)
    database.run(PARALLEL, "set max_parallel_workers_per_gather = 2")
    assert_all_formats_agree(database, PARALLEL_STATEMENTS, set(), *ESTIMATED)


def test_one_run_that_is_explained_as_json_and_logged_by_auto_explain_is_one_plan(database):
    """Both print the same execution, so that every figure must be the same, those of the workers too."""
    database.run(SCHEMA, "analyze", SETUP, PARALLEL, "load 'auto_explain'")
    logged: list[str] = []
    database.admin.add_notice_handler(lambda notice: logged.append(notice.message_primary))
    for setting in ("min_duration = 0", "analyze = on", "verbose = on", "buffers = on", "level = notice"):
        database.run(f"set auto_explain.log_{setting}")
    for form in ("text", "json", "yaml"):
        database.run(f"set auto_explain.log_format = {form}")
        for statement in (*STATEMENTS, *PARALLEL_STATEMENTS):
            logged.clear()
            options = "analyze, verbose, buffers"
            reference = plan_from_json(json.loads(explained(database.admin, options, "json", statement))[0])
            text = "2026-01-02 03:04:05.678 UTC [99] LOG:  " + logged[-1].replace("\n", "\n\t") + "\n"
            (row,) = plans.read(text.encode(), "server.log")
            assert (row.how, row.statement.text) == (How.ANALYZED, f"explain ({options}, format json) {statement}")
            ignored = not_in(text, options) if form == "text" else set()
            assert differences(reference.root, row.plan.root, apart_from=set(), ignored=ignored) == [], text
            assert row.plan.execution_ms > 0 and not {"Query Text", "Query Parameters"} & set(row.plan.raw)


def test_triggers_and_jit_are_read_from_every_format(database):
    database.run(SCHEMA, "create table r (id int references o)")
    for form in ("json", "yaml", "text"):
        with_trigger = read_one(explained(database.admin, "analyze, verbose", form, "insert into r values (1), (2)"))
        (trigger,) = with_trigger.triggers
        assert with_trigger.trigger_ms == trigger.time_ms > 0
        assert (trigger.name.rstrip("0123456789"), trigger.constraint) == ("RI_ConstraintTrigger_c_", "r_id_fkey")
        # The text names the relation only where there could be another.
        assert (trigger.relation, trigger.calls) == ("" if form == "text" else "r", 2)
    database.run("set jit_above_cost = 0")
    statement = "select sum(c) from o"
    for form in ("json", "yaml", "text"):
        text = explained(database.admin, "analyze", form, statement)
        assert (read_one(text).jit_ms is None) == ("JIT" not in text)
