"""A database full of traps, statements that spring them, and what must be the same afterwards."""

from __future__ import annotations

import psycopg

OWNER, MONITOR = "trap_owner", "trap_monitor"

ROLES = f"""
do $$ begin
  if to_regrole('{OWNER}') is null then
    create role {OWNER} login;
    create role {MONITOR} login;
    grant pg_monitor, pg_read_all_data to {MONITOR};
  end if;
end $$"""

# Everything is made by the owner, and anyone may call it: the worst that can be.
TRAPS = """
create schema traps;
create table traps.t (id int primary key, note text);
insert into traps.t select g, 'row ' || g from generate_series(1, 50) as g;
create table traps.log (id serial primary key, who text default current_user);
create sequence traps.s;

create function traps.evil(int) returns int language plpgsql as
  'begin perform pg_advisory_lock(4711); perform nextval(''traps.s''); return $1; end';
create function traps.write(int) returns int language plpgsql as
  'begin insert into traps.log default values; return $1; end';
create function traps.inlined(int) returns int language sql as 'select traps.evil($1) + 1';
create function traps.hidden(int) returns bool language sql as 'select traps.evil($1) in (select 2)';
create function traps.liar(int) returns int language plpgsql stable as
  'begin perform pg_advisory_lock(4712); return $1; end';
create function traps.immutable_liar(int) returns int language plpgsql immutable as
  'begin perform pg_advisory_lock(4713); return $1; end';
create function traps.member(traps.t) returns int language plpgsql as
  'begin perform pg_advisory_lock(4714); return 1; end';
create function traps.dynamic(int) returns int language plpgsql as
  'begin execute ''create temp table leftover as select 1''; return $1; end';

create function traps.same(int, text) returns bool language plpgsql as
  'begin perform pg_advisory_lock(4715); return true; end';
create operator traps.=== (leftarg = int, rightarg = text, function = traps.same, restrict = eqsel);
create function traps.step(int, int) returns int language plpgsql as
  'begin perform pg_advisory_lock(4716); return $1; end';
create aggregate traps.total (int) (sfunc = traps.step, stype = int, initcond = '0');

create function traps.is_fine(int) returns bool language plpgsql as
  'begin perform pg_advisory_lock(4717); return true; end';
create domain traps.fine as int check (traps.is_fine(value));
create domain traps.finer as traps.fine;
create type traps.pair as (a traps.fine, b int);
create table traps.typed (one traps.fine, many traps.fine[]);
create table traps.scalar (fine traps.fine);
create function traps.takes_fine(traps.fine) returns int language sql immutable as 'select 1';

create function traps.defaulted(int, bool default pg_try_advisory_lock(4719)) returns int language sql immutable as
  'select $1';

create view traps.v as select id, traps.evil(id) as x from traps.t;
create view traps.limited as select id from traps.t limit traps.evil(3);
create view traps.listed as select * from (values (1, traps.evil(1)), (2, 3)) as q (a, b);
create view traps.typed_view as select id from traps.t limit (4::traps.fine);
create function traps.reads_view() returns setof int language sql stable as 'select id from traps.limited';
create function traps.reads_view_parsed() returns setof int language sql stable begin atomic
  select id from traps.limited; end;
create function traps.makes_fine(int) returns int language sql immutable as 'select $1::traps.fine';
create function traps.a_function_whose_name_is_as_long_as_a_name_may_be_in_postgres_x(int) returns int
  language plpgsql as 'begin perform pg_advisory_lock(4720); return 1; end';
create view traps.outer_view as select * from traps.limited;
create view traps.hashed as select id from traps.t where traps.evil(id) in (select 2);
create table traps.secret (id int);
insert into traps.secret select generate_series(1, 10);
create view traps.no_secret as select id from traps.secret limit 3;
create table traps.hush (id int);
create policy only_liars on traps.hush using (traps.liar(1) = 1);
alter table traps.hush enable row level security, force row level security;
create view traps.no_hush as select id from traps.hush;
create policy only_some on traps.secret using (traps.evil(id) in (select 3));
alter table traps.secret enable row level security, force row level security;

create function traps.sfunc_trigger() returns trigger language plpgsql as
  'begin perform nextval(''traps.s''); return new; end';
create trigger fires before insert or update on traps.t for each row execute function traps.sfunc_trigger();
create rule also as on update to traps.log do also insert into traps.log default values;
create view traps.ruled as select 1 as x;
create rule nothing as on insert to traps.ruled do instead nothing;
create rule several as on delete to traps.ruled do instead (select 1; delete from traps.t);
create rule announced as on update to traps.ruled do instead notify trap;
grant usage on schema traps to public;
grant select on all tables in schema traps to public;
grant insert, update, delete on traps.ruled to public;
"""

# Each acts if it is run as it stands, or if a gate that only looks at its first word lets it through.
STATEMENTS = (
    # data modification
    "insert into traps.log default values",
    "insert into traps.log default values returning id",
    "update traps.t set note = 'x'",
    "delete from traps.t returning *",
    "with gone as (delete from traps.t returning *) select * from gone",
    "with gone as (delete from traps.t returning *) select 1",
    "with a as (with b as (update traps.log set who = 'x' returning *) select * from b) select * from a",
    "(with gone as (delete from traps.t returning *) select count(*) from gone)",
    "insert into traps.ruled values (1)",
    "delete from traps.ruled",
    "update traps.ruled set x = 1",
    "select * from traps.t for update",
    "select * from traps.t for key share skip locked",
    "select * from (select * from traps.t for share) as locked",
    # relations out of thin air
    "select * into traps.stolen from traps.t",
    "select * into temp stolen from traps.t",
    "with q as (select 1 as x) select x into temp stolen from q",
    "with insert as (select 1 as x) select x into temp stolen from insert",
    "create table traps.stolen as select * from traps.t",
    "create materialized view traps.stolen as select 1 as x",
    "create temp table stolen as select 1",
    "with q as (select 1 as x) select * into traps.stolen from q",
    # sequences and locks
    "select nextval('traps.s')",
    "select setval('traps.s', 99)",
    "select 1 where nextval('traps.s') > 0",
    "select query_to_xml('select nextval(''traps.s'')', true, true, '')",
    "select table_to_xml('traps.v', true, true, '')",
    "select schema_to_xml('traps', true, true, '')",
    "select * from ts_stat('select nextval(''traps.s'')::text::tsvector')",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock(1), pg_advisory_lock_shared(2, 3)",
    "select pg_catalog . pg_advisory_lock /* a comment */ (1)",
    'select "pg_advisory_lock"(1)',
    r"""select U&"pg_\0061dvisory_lock"(1)""",
    r"""select 1 limit (U&"pg_\0061dvisory_lock"(1) is null)::int""",
    "select id from traps.t limit (pg_advisory_lock(1)::text = '')::int",
    "select id from traps.t offset (pg_try_advisory_lock(1))::int",
    "select * from (values (1, pg_try_advisory_lock(1)), (2, false)) as q",
    "select sum(id) over (order by id rows (pg_try_advisory_lock(1))::int preceding) from traps.t",
    "select id from traps.t where pg_try_advisory_lock(id) in (select true)",
    "select pg_try_advisory_lock(1) = any (select id > 3 from traps.t) from traps.t",
    "select id from traps.t order by pg_try_advisory_lock(id)",
    "select id from traps.t group by id having pg_try_advisory_lock(id)",
    "select count(*) filter (where pg_try_advisory_lock(id)) from traps.t",
    "select distinct on (pg_try_advisory_lock(id)) id from traps.t",
    "select case when pg_try_advisory_lock(1) then 1 end",
    "select (select pg_try_advisory_lock(1))",
    "select array(select pg_try_advisory_lock(id) from traps.t)",
    "select * from traps.t tablesample bernoulli ((pg_try_advisory_lock(1))::int)",
    "select * from pg_try_advisory_lock(1)",
    "select * from rows from (pg_try_advisory_lock(1), generate_series(1, 2)) as q",
    "select * from traps.t, lateral (select pg_try_advisory_lock(t.id)) as q",
    "with recursive r as (select 1 as n union all select n + pg_try_advisory_lock(n)::int from r where n < 3) table r",
    # other backends, the server, files
    "select pg_terminate_backend({victim})",
    "select pg_cancel_backend({victim}), pg_sleep(0)",
    "select pg_terminate_backend(pid) from pg_stat_activity where pid = {victim}",
    "select pid from pg_stat_activity limit (pg_terminate_backend({victim}))::int",
    "select pg_terminate_backend({victim}) in (select true)",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_switch_wal()",
    "select pg_create_restore_point('x')",
    "select pg_logical_emit_message(false, 'x', 'y')",
    "select pg_create_physical_replication_slot('trap', true)",
    "select pg_stat_reset()",
    "select pg_stat_reset_shared('bgwriter')",
    "select pg_export_snapshot()",
    "select txid_current()",
    "select pg_current_xact_id()",
    "select 1 limit (pg_current_xact_id() is null)::int",
    "select pg_notify('trap', 'sprung')",
    "select lo_create(4711)",
    "select lo_from_bytea(4712, 'x')",
    "select lo_import('/etc/hostname')",
    "select lo_export(1, '/tmp/dbaudit-trap')",
    "select pg_read_file('PG_VERSION')",
    "select * from pg_ls_dir('.')",
    "select set_config('statement_timeout', '0', false)",
    "select set_config('transaction_read_only', 'off', true)",
    "select set_config('default_transaction_read_only', 'on', false)",
    "select brin_summarize_new_values('traps.t'::regclass)",
    "select pg_import_system_collations('traps')",
    # hidden behind something else
    "select traps.evil(1)",
    "select traps.write(1)",
    "select traps.inlined(id) from traps.t",
    "select traps.hidden(id) from traps.t",
    "select * from traps.t where traps.hidden(id)",
    "select traps.liar(id) from traps.t",
    "select traps.immutable_liar(1)",
    "select 1 where traps.liar(1) = 1",
    "select 1 limit traps.liar(1)",
    "select t.member from traps.t",
    "select (t).member from traps.t as t where id < 3",
    "select id from traps.t limit (select q.member from traps.t as q limit 1)",
    "select traps.dynamic(1)",
    "select 1 where 1 operator(traps.===) 'x'",
    "select * from traps.t where id operator(traps.===) 'x'",
    "select id operator(traps.===) any (select note from traps.t) from traps.t",
    "select traps.total(id) from traps.t",
    "select traps.total(id) over (order by id) from traps.t",
    "select 1::traps.fine",
    "select id::traps.finer from traps.t",
    "select array_agg(id)::traps.fine[] from traps.t",
    "select traps.takes_fine(id) from traps.t",
    "select '{1}'::traps.fine[]",
    "select traps.fine '1'",
    "select * from traps.typed where many = '{1}'",
    "select '(1)'::traps.scalar",
    "select cast(row(id, 1) as traps.pair) from traps.t",
    """select * from json_to_record('{"a": 1}') as q (a traps.fine)""",
    """select * from json_populate_record(null::traps.pair, '{"a": 1}')""",
    "select id from traps.t limit 1::traps.fine",
    "select x from traps.v",
    "select * from traps.limited",
    "select * from traps.listed",
    "select * from traps.outer_view",
    "select * from traps.hashed",
    "select id from traps.t limit traps.defaulted(1)",
    "select * from traps.typed_view",
    "select * from traps.reads_view()",
    "select id from traps.reads_view_parsed() as id, traps.t",
    "select id from traps.t limit traps.makes_fine(2)",
    "select id from traps.t limit traps.a_function_whose_name_is_as_long_as_a_name_may_be_in_postgres_x_yy(1)",
    "select traps._fine('{1}')",
    "select '{1}'::traps._fine",
    'select * from "traps" . "limited" as innocent',
    # more than one statement, and what is no query
    "select 1; commit; create table traps.stolen (i int)",
    "select 1; rollback; delete from traps.t",
    "commit",
    "rollback",
    "begin; delete from traps.t; commit",
    "(analyze) delete from traps.t",
    "analyze delete from traps.t",
    "/* x */ analyze delete from traps.t",
    "(analyze, verbose) select nextval('traps.s')",
    "explain analyze delete from traps.t",
    "/* x */ explain (analyze) delete from traps.t",
    "-- a comment\ndelete from traps.t",
    "/* /* nested */ */ delete from traps.t",
    r"select E'a\' as x, '; delete from traps.t; --'",
    "select E'a'\n'\\' , ' limit (pg_try_advisory_lock(1))::int --'",
    "select $a$ $b$ $a$, pg_advisory_lock(1), $c$ $c$",
    "execute dbaudit_p",
    "prepare p as select 1",
    "prepare transaction 'x'",
    "declare c cursor with hold for select pg_advisory_lock(1)",
    "fetch all from c",
    "copy traps.t to '/tmp/dbaudit-trap'",
    "copy (select 1) to program 'touch /tmp/dbaudit-trap'",
    "copy traps.t from program 'touch /tmp/dbaudit-trap'",
    "do $$ begin perform pg_advisory_lock(1); end $$",
    "call traps.nothing()",
    "set session characteristics as transaction read write",
    "set transaction read write",
    "set statement_timeout = 0",
    "reset all",
    "listen trap",
    "notify trap",
    "load 'plpgsql'",
    "lock table traps.t in access exclusive mode",
    "analyze traps.t",
    "vacuum traps.t",
    "reindex table traps.t",
    "cluster",
    "checkpoint",
    "discard all",
    "deallocate all",
    "truncate traps.t",
    "drop schema traps cascade",
    "alter system set work_mem = '1MB'",
    "refresh materialized view traps.nothing",
    "security label on table traps.t is 'x'",
    "import foreign schema x from server y into traps",
)

# They act for whom the policy of the table holds, which is not a superuser.
BEHIND_A_POLICY = (
    "select id from traps.secret",
    "select count(*) from traps.t where id in (select id from traps.secret)",
    "select * from traps.no_secret",
    "select * from traps.hush",
    "select * from traps.no_hush",
)

# Nothing in these acts, so a gate that only plans them is of no use.
HARMLESS = (
    "select 1",
    "select id, note from traps.t where id < 10 order by note limit 5 offset 1",
    "select random(), clock_timestamp(), gen_random_uuid(), timeofday(), now()",
    "select pg_relation_size('traps.t'), pg_total_relation_size('traps.t'), pg_database_size(current_database())",
    "select count(*), sum(id) over () from traps.t group by id",
    "select * from (values (1, 'nextval(pg_advisory_lock)'), (2, 'b')) as q (a, b)",
    "select id from traps.t where note in (select note from traps.t where id > 3) -- not pg_advisory_lock(1)",
    "table traps.t",
    "values (1), (2)",
    "(select 1) union all (select 2)",
    "with q as materialized (select * from traps.t) select * from q join traps.t using (id)",
    "select 'it''s; fine' as \"limit\", $$; drop table x$$ as y",
    "select * from pg_stat_activity",
    "select * from pg_locks",
    "select fine as fine from traps.scalar where fine = '1'",
    "select evil.id from traps.t as evil",
    "select json_agg(t), to_json(t.note) from traps.t group by t.note",
)

_STATE = """
select (select jsonb_agg(t order by id) from traps.t as t),
       (select count(*) from traps.log), (select count(*) from traps.secret),
       (select array[s.last_value, s.is_called::int] from traps.s as s),
       (select array[q.last_value, q.is_called::int] from traps.log_id_seq as q),
       (select array_agg(c.oid::text || c.relname || c.relpages order by c.oid) from pg_class as c),
       (select count(*) from pg_largeobject_metadata), (select count(*) from pg_replication_slots),
       (select array_agg(l.objid::text) from pg_locks as l where l.locktype = 'advisory'),
       (select count(*) from pg_stat_activity where pid = %s),
       (select count(*) from pg_prepared_xacts), (select count(*) from pg_listening_channels()),
       (select array_agg(name || setting order by name) from pg_settings where source <> 'client'),
       (select stats_reset from pg_stat_database where datname = current_database()),
       (select stats_reset from pg_stat_bgwriter),
       pg_snapshot_xmax(pg_current_snapshot())::text,
       pg_walfile_name(pg_current_wal_insert_lsn())
"""


def set_traps(database) -> None:
    """Makes the roles and, as their owner, the traps."""
    database.run(ROLES, f"grant create on database {database.name} to {OWNER}")
    database.run(f"set role {OWNER}", TRAPS, "reset role")


def state(admin: psycopg.Connection, victim: int) -> tuple:
    """What a statement could have changed, as a superuser sees it."""
    return admin.execute(_STATE, [victim]).fetchone()
