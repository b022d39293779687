"""What the catalogs tell, to whom, while others work on the same tables."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import psycopg
import pytest

from dbaudit.checks.index._naming import index_name
from dbaudit.checks.index.duplicate_index import duplicate_index
from dbaudit.checks.index.invalid_index import invalid_index
from dbaudit.checks.index.redundant_index import redundant_index
from dbaudit.checks.index.unindexed_foreign_key import unindexed_foreign_key
from dbaudit.checks.index.unused_index import Options, unused_index
from dbaudit.checks.table.table_without_primary_key import table_without_primary_key
from dbaudit.facts import Missing
from dbaudit.facts.catalog import Index, Standby, Table
from dbaudit.finding import Finding, Unknown
from dbaudit.sources.postgres.collect import collect, query_for

CHECKS = (unindexed_foreign_key, duplicate_index, redundant_index, invalid_index, table_without_primary_key)


def facts_of(database, check, user="postgres"):
    session = database.session(user)
    try:
        return collect(session, check.needs)
    finally:
        session.close()


def verdicts(database, check, user="postgres", options=None):
    return list(check.verdicts(facts_of(database, check, user), options))


def until(true) -> None:
    """Waits for what another process is about to do."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def roles(database):
    """A role without any grant, and a monitoring role."""
    names = [f"{database.name}_nobody", f"{database.name}_monitor"]
    database.run(*(f"create role {name} login" for name in names), f"grant pg_monitor to {names[1]}")
    yield names
    database.run(*(f"drop role {name}" for name in names))


def test_every_role_is_told_the_same(database, roles):
    database.run(
        "create schema secret", "revoke all on schema secret from public",
        "create table secret.parent (a int primary key)",
        "create table secret.child (a int references secret.parent, b int)",
        "insert into secret.parent values (1)", "insert into secret.child select null, 1 from generate_series(1, 2000)",
        "create index one on secret.child (b) where b > 0", "create index two on secret.child (b) where b > 0",
        "create index three on secret.child (b, a) where b > 0", "analyze",
    )
    with pytest.raises(psycopg.Error):
        database.run("create unique index concurrently broken on secret.child (b)")
    for check in CHECKS:
        told = [{verdict.fingerprint for verdict in verdicts(database, check, role)} for role in ("postgres", *roles)]
        assert told[0] and told == [told[0]] * 3, check.name
    assert "WHERE a IS NOT NULL" in verdicts(database, unindexed_foreign_key)[0].fixes[0].statements[0]
    assert "WHERE" not in verdicts(database, unindexed_foreign_key, roles[0])[0].fixes[0].statements[0]


def test_a_locked_table_keeps_nobody_waiting_and_is_unknown(database):
    database.run(
        "create table t (a int, b int)", "create index plain on t (a)", "create index one on t (a) where b > 0",
        "create index two on t (a) where b > 0", "create table free (a int)", "insert into free values (1)",
    )
    with psycopg.connect(database.conninfo()) as other:
        other.execute("lock table t in access exclusive mode")
        facts = facts_of(database, unused_index)
        assert not [missing for missing in facts.rows.values() if isinstance(missing, Missing)]
        assert {index.name: index.is_unread for index in facts[Index]} == {"plain": True, "one": True, "two": True}
        assert {table.name: table.estimated_rows for table in facts[Table]} == {"t": None, "free": None}
        said = verdicts(database, duplicate_index)
        assert [(type(verdict), verdict.subject.name) for verdict in said] == [(Unknown, "public.t")]
    assert [verdict.subject.name for verdict in verdicts(database, duplicate_index)] == ["public.two"]


@contextmanager
def working(database, statement):
    """Another session that runs a statement, which waits for what the test holds and fails when it is cancelled."""
    with psycopg.connect(database.conninfo(), autocommit=True) as other:
        thread = threading.Thread(target=run_until_cancelled, args=(other, statement))
        thread.start()
        try:
            yield
        finally:
            other.cancel()
            thread.join()


def run_until_cancelled(connection, statement) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["create index concurrently new on t (a)", "reindex index concurrently old", "drop index concurrently old"],
)
def test_an_index_that_is_being_built_or_dropped_is_not_called_invalid(database, roles, statement):
    database.run("create table t (a int)", "insert into t values (1)", "create index old on t (a)")
    count = "select count(*) from pg_index where indrelid = 't'::regclass and not indisvalid"
    with psycopg.connect(database.conninfo()) as holder:
        holder.execute("lock table t in row exclusive mode")
        with working(database, statement):
            until(lambda: database.admin.execute(count).fetchone() == (1,))
            for role in ("postgres", *roles):
                assert verdicts(database, invalid_index, role) == []
    assert [type(verdict) for verdict in verdicts(database, invalid_index)] == [Finding]


def test_an_index_that_no_query_used(database):
    database.run(
        "create table p (a int, b int, c int) partition by list (a)", "create table p_1 partition of p for values in (1)",
        "create table p_2 partition of p for values in (2)", "insert into p select 1 + n % 2, n, n from generate_series(1, 200000) n",
        "create index used on p (b)", "create index idle on p (c)", "comment on index idle is 'why'", "analyze",
        "set enable_seqscan = off",
    )
    with psycopg.connect(database.conninfo(), autocommit=True) as other:
        other.execute("set enable_seqscan = off")
        other.execute("select * from p where b = 7")
    scans = "select sum(idx_scan) from pg_stat_user_indexes where indexrelname ~ '^p_._b_idx$'"
    until(lambda: database.admin.execute(scans).fetchone()[0])
    assert [type(verdict) for verdict in verdicts(database, unused_index)] == [Unknown]
    believed = Options(minimum_statistics_age_days=0)
    (finding,) = verdicts(database, unused_index, options=believed)
    assert finding.subject.name == "public.idle"
    before = definitions(database)
    database.run(*finding.fixes[0].statements)
    assert verdicts(database, unused_index, options=believed) == []
    database.run(*finding.fixes[0].undo)
    assert definitions(database) == before


def definitions(database) -> list:
    """Every index with all that a DROP would take with it."""
    return database.admin.execute(
        "select pg_get_indexdef(indexrelid), indisvalid, indisclustered, reltablespace, relispartition,"
        " obj_description(indexrelid), pg_get_constraintdef(c.oid), obj_description(c.oid) from pg_index"
        " join pg_class i on i.oid = indexrelid left join pg_constraint c on conindid = indexrelid and contype in ('p', 'u', 'x')"
        " where i.relnamespace = 'public'::regnamespace order by 1"
    ).fetchall()


def test_an_undo_brings_back_all_that_went(newest):
    newest.run(
        "set allow_in_place_tablespaces = on", "create tablespace \"Other space\" location ''",
        "create table t (a int primary key, b text, c int)", "create schema \"S;\"", "create domain \"S;\".d as text",
        'create function "S;".f(text) returns text immutable language sql as $$ select $1 $$',
        'alter table t add constraint "U" unique (a) deferrable initially deferred',
        'alter table t add constraint "V" unique (a) with (fillfactor = 80) using index tablespace "Other space"',
        "comment on constraint \"V\" on t is 'it''s'",
        'create index kept on t ("S;".f(b)) where c > 0',
        'create index marked on t ("S;".f(b)) with (fillfactor = 60) tablespace "Other space" where c > 0',
        'create index cased on t (c) tablespace "Other space" where (case when c > 1 then true else c < -1 end)',
        "create index cased_too on t (c) tablespace \"Other space\" where (case when c > 1 then true else c < -1 end)",
        "comment on index marked is E'back\\\\slash'", "create index by_c on t (c)", "create index by_c_2 on t (c)",
        "create index by_c_3 on t (c, a)",
    )
    try:
        before = definitions(newest)
        found = [*verdicts(newest, duplicate_index), *verdicts(newest, redundant_index)]
        names = ['"V"', "by_c_2", "cased_too", "marked", "by_c"]
        assert [finding.subject.name for finding in found] == [f"public.{name}" for name in names]
        for finding in found:
            newest.run(*finding.fixes[0].statements)
        assert len(definitions(newest)) == len(before) - 5
        newest.run("set search_path = ''")
        for finding in found:
            newest.run(*finding.fixes[0].undo)
        newest.run("reset search_path")
        assert definitions(newest) == before
    finally:
        newest.run("drop table t cascade", 'drop tablespace "Other space"')


def test_the_index_of_a_partitioned_table_is_built_part_by_part(database):
    database.run(
        "create table customers (id bigint primary key)",
        "create table orders (id bigint, day int, customer_id bigint references customers) partition by range (day)",
        "create table orders_1 partition of orders for values from (1) to (2)",
        "create table orders_2 partition of orders for values from (2) to (9) partition by list (day)",
        "create table orders_2_2 partition of orders_2 for values in (2)",
    )
    (finding,) = verdicts(database, unindexed_foreign_key)
    (fix,) = finding.fixes
    assert fix.statements == (
        "CREATE INDEX orders_customer_id_idx ON ONLY public.orders (customer_id);",
        "CREATE INDEX CONCURRENTLY orders_1_customer_id_idx ON public.orders_1 (customer_id);",
        "ALTER INDEX public.orders_customer_id_idx ATTACH PARTITION public.orders_1_customer_id_idx;",
        "CREATE INDEX orders_2_customer_id_idx ON ONLY public.orders_2 (customer_id);",
        "CREATE INDEX CONCURRENTLY orders_2_2_customer_id_idx ON public.orders_2_2 (customer_id);",
        "ALTER INDEX public.orders_2_customer_id_idx ATTACH PARTITION public.orders_2_2_customer_id_idx;",
        "ALTER INDEX public.orders_customer_id_idx ATTACH PARTITION public.orders_2_customer_id_idx;",
    )
    assert (fix.in_transaction, fix.undo) == (False, ("DROP INDEX public.orders_customer_id_idx;",))
    database.run(*fix.statements)
    assert verdicts(database, invalid_index) == []


def test_what_is_unique_but_no_primary_key_is_not_promoted(database):
    database.run(
        "create table part (a int not null)", "create unique index on part (a) where a > 0",
        "create table expression (a int not null)", "create unique index on expression ((a + 1))",
        "create table descending (a int not null)", "create unique index on descending (a desc)",
        "create table deferred (a int not null unique deferrable)", "create table owned (a int not null unique)",
        "create table pattern (a text not null)", "create unique index on pattern (a text_pattern_ops)",
        'create table collated (a text not null)', 'create unique index on collated (a collate "C")',
        "create table absent (a int)", "create unique index on absent (a)",
    )
    assert [verdict.fixes[0].statements for verdict in verdicts(database, table_without_primary_key)] == [()] * 8


def test_a_standby_that_is_away_leaves_its_slot(database, roles):
    slot = database.name
    database.run(f"select pg_create_physical_replication_slot('{slot}')")
    try:
        for role in ("postgres", *roles):
            assert Standby(slot=slot, application_name=None, state=None) in facts_of(database, unused_index, role)[Standby]
    finally:
        database.run(f"select pg_drop_replication_slot('{slot}')")


def test_the_statistics_of_a_new_database_are_not_said_to_be_old(database):
    """Also on a server that is old: 15 and later leave stats_reset NULL until somebody resets."""
    age_s = database.session().server.statistics_age_s
    assert age_s is None or 0 <= age_s < 60
    database.run("create table t (a int)", "analyze t", "select pg_stat_reset()")
    until(lambda: database.session().server.statistics_age_s is not None)
    assert 0 <= database.session().server.statistics_age_s < 60


def test_variants_of_a_query_differ_only_in_what_the_major_has():
    for kind, older, newer, lines in ((Index, 14, 15, 1), (Index, 15, 16, 1)):
        pairs = zip(query_for(kind, older).splitlines(), query_for(kind, newer).splitlines(), strict=True)
        assert sum(one != other for one, other in pairs) == lines


def test_a_new_index_is_named_as_postgresql_would_name_it(newest):
    names = ("o" * 63, "naïve ☃ name of a table that is as long as names of tables go ", "t")
    columns = ("c" * 63, "größe", "a_column_of_some_length_that_has_to_be_cut", "b")
    for table in names:
        newest.run(f'create table "{table}" ({", ".join(f"""{chr(34)}{column}{chr(34)} int""" for column in columns)})')
        newest.run(f"""create index on "{table}" ({', '.join(f'"{column}"' for column in columns[1:])})""")
        for column in columns:
            newest.run(f'create index on "{table}" ("{column}")')
    chosen = newest.admin.execute(
        "select t.relname, array_agg(a.attname order by n), i.relname from pg_index join pg_class i on i.oid = indexrelid"
        " join pg_class t on t.oid = indrelid, unnest(indkey) with ordinality k(attnum, n) join pg_attribute a using (attnum)"
        " where a.attrelid = indrelid and t.relnamespace = 'public'::regnamespace group by t.oid, i.oid"
    ).fetchall()
    assert len(chosen) == 15
    assert [index_name(table, columns, ()) for table, columns, _ in chosen] == [name for _, _, name in chosen]


def test_a_fix_takes_the_lock_that_it_names(database):
    database.run(
        "create table p (a int, b int) partition by list (a)", "create table p_1 partition of p for values in (1)",
        "create index p_b on p (b)", "create index p_b_again on p (b)", "create table keyed (a int primary key)",
        "alter table keyed add unique (a)", "create table keyless (a int not null)", "create unique index on keyless (a)",
        "create index again on keyless (a)",
    )
    found = [*verdicts(database, duplicate_index), *verdicts(database, table_without_primary_key)]
    fixes = {finding.subject.name: finding.fixes[0] for finding in found}
    assert fixes.pop("public.again").lock == "ShareUpdateExclusiveLock"
    assert fixes.pop("public.p").statements == ()
    assert sorted(fixes) == ["public.keyed_a_key", "public.keyless", "public.p_b_again"]
    for fix in fixes.values():
        with psycopg.connect(database.conninfo()) as other:
            other.execute(fix.statements[0])
            locks = other.execute(
                "select distinct mode from pg_locks join pg_class r on r.oid = relation"
                " where pid = pg_backend_pid() and relkind in ('r', 'p') and mode ~ 'Exclusive' and r.oid >= 16384"
            ).fetchall()
            other.rollback()
        assert (fix.in_transaction, [(fix.lock,)]) == (True, locks)
