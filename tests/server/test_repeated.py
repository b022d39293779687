"""A statement that is run several times, through the whole gate each time."""

from dbaudit.facts.statement import How
from dbaudit.sources.postgres.explain import explain
from dbaudit.sources.sqlfile import split


def one(session, text, **options):
    (explained,) = explain(session, split(text, "queries.sql"), **options)
    return explained


ORDERS = (
    "create table orders (id int, state text)",
    "insert into orders select g, case when g % 50 = 0 then 'rare' else 'common' end from generate_series(1, 20000) g",
    "vacuum analyze orders",
    # CREATE INDEX writes around shared_buffers: nobody has read it yet.
    "create index on orders (id)",
)


def test_a_first_run_that_reads_is_told_from_the_warm_ones(database):
    database.run(*ORDERS)
    explained = one(database.session(), "select id from orders where id > 0 order by id", runs=3)
    assert "Index" in explained.plan.root.node_type
    assert (explained.how, explained.reason) == (How.ANALYZED, "")
    assert [run.is_cold for run in explained.runs] == [True, False, False]
    assert explained.runs[0].read_blocks > 50 and not any(run.read_blocks for run in explained.runs[1:])
    assert explained.plan.execution_ms == min(run.execution_ms for run in explained.runs[1:])
    assert explained.plan.root.shared_read_blocks == 0


def test_each_set_of_values_has_its_own_runs(newest):
    newest.run(*ORDERS)
    explained = one(newest.session(), "select id from orders where state = $1", runs=2)
    assert {variant.name: len(variant.runs) for variant in explained.variants} == {
        "common value": 2, "rare value": 2, "absent value": 2, "generic plan": 0,
    }  # fmt: skip
    assert len(explained.runs) == 2
    assert explained.plan.execution_ms in [run.execution_ms for run in explained.runs]


def test_what_is_not_run_has_no_runs(newest):
    newest.run("create table orders (id int)")
    explained = one(newest.session(), "delete from orders", runs=3)
    assert (explained.how, explained.runs) == (How.PLANNED, ())


def test_a_run_leaves_nothing_behind(newest):
    session = newest.session()
    explained = one(session, "select count(*) from generate_series(1, 10)", runs=5)
    assert (explained.how, len(explained.runs)) == (How.ANALYZED, 5)
    assert session.rows("select count(*) from pg_prepared_statements") == [(0,)]


def test_our_own_setting_is_not_among_those_of_the_server(newest):
    newest.run("create table t (id int)")
    newest.run(f"alter database {newest.name} set work_mem = '5MB'")
    explained = one(newest.session(), "insert into t values ($1)")
    assert dict(explained.plan.settings) == {"work_mem": "5MB"}
