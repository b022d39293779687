with recursive
locked as materialized (
    select lock.relation
    from pg_catalog.pg_locks as lock
    where lock.locktype = 'relation'
      and lock.mode = 'AccessExclusiveLock'
      and lock.database = (select own.oid from pg_catalog.pg_database as own where own.datname = pg_catalog.current_database())
),
extension_member as materialized (
    select member.objid
    from pg_catalog.pg_depend as member
    where member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and member.deptype = 'e'
),
index_scan as materialized (
    select used.indrelid, pg_catalog.sum(pg_catalog.pg_stat_get_numscans(used.indexrelid)) as scans
    from pg_catalog.pg_index as used
    group by used.indrelid
),
sized as materialized (
    select relation.oid,
           relation.reltuples,
           coalesce(
               case when relation.reltuples < 0 and relation.oid not in (select locked.relation from locked)
                    then pg_catalog.pg_relation_size(relation.oid) end,
               relation.relpages::pg_catalog.int8 * pg_catalog.current_setting('block_size')::pg_catalog.int8
           ) as size_bytes,
           relation.oid in (select locked.relation from locked) as is_locked
    from pg_catalog.pg_class as relation
    where relation.relkind = 'r' and relation.relpersistence <> 't' and relation.oid >= 16384
),
stored as materialized (
    select sized.oid,
           case when sized.reltuples >= 0 then sized.reltuples::pg_catalog.float8
                when sized.size_bytes = 0 and not sized.is_locked then 0 end as estimated_rows,
           sized.size_bytes,
           pg_catalog.pg_stat_get_numscans(sized.oid) as seq_scans,
           coalesce(index_scan.scans, 0) as index_scans,
           pg_catalog.pg_stat_get_tuples_inserted(sized.oid) as rows_inserted,
           pg_catalog.pg_stat_get_tuples_updated(sized.oid) as rows_updated,
           pg_catalog.pg_stat_get_tuples_deleted(sized.oid) as rows_deleted,
           pg_catalog.pg_stat_get_live_tuples(sized.oid) as live_rows,
           pg_catalog.pg_stat_get_mod_since_analyze(sized.oid) as rows_modified,
           pg_catalog.date_part('epoch', pg_catalog.now() - greatest(
               pg_catalog.pg_stat_get_last_analyze_time(sized.oid),
               pg_catalog.pg_stat_get_last_autoanalyze_time(sized.oid)
           )) as analyze_age_s
    from sized
    left join index_scan on index_scan.indrelid = sized.oid
),
tree (ancestor, member) as (
    select link.inhparent, link.inhrelid
    from pg_catalog.pg_inherits as link
    join pg_catalog.pg_class as partition on partition.oid = link.inhrelid
    where partition.relispartition and partition.relkind in ('r', 'p')
    union all
    select tree.ancestor, link.inhrelid
    from tree
    join pg_catalog.pg_inherits as link on link.inhparent = tree.member
),
summed as (
    select tree.ancestor as oid,
           case when pg_catalog.bool_and(stored.estimated_rows is not null)
                then pg_catalog.sum(stored.estimated_rows) end as estimated_rows,
           pg_catalog.sum(stored.size_bytes) as size_bytes,
           pg_catalog.sum(stored.seq_scans) as seq_scans,
           pg_catalog.sum(stored.index_scans) as index_scans,
           pg_catalog.sum(stored.rows_inserted) as rows_inserted,
           pg_catalog.sum(stored.rows_updated) as rows_updated,
           pg_catalog.sum(stored.rows_deleted) as rows_deleted,
           pg_catalog.sum(stored.live_rows) as live_rows,
           pg_catalog.sum(stored.rows_modified) as rows_modified,
           case when pg_catalog.bool_and(stored.analyze_age_s is not null)
                then pg_catalog.max(stored.analyze_age_s) end as analyze_age_s
    from tree
    join stored on stored.oid = tree.member
    group by tree.ancestor
),
figures as (
    select * from stored union all select * from summed
)
select relation.oid,
       namespace.nspname::pg_catalog.text as schema,
       relation.relname::pg_catalog.text as name,
       pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as qualified,
       relation.relkind = 'p' as is_partitioned,
       case when relation.relispartition then coalesce(parent.inhparent, 0::pg_catalog.oid)
            else 0::pg_catalog.oid end as parent_oid,
       case when figures.oid is null then 0 else figures.estimated_rows end as estimated_rows,
       coalesce(figures.size_bytes, 0)::pg_catalog.int8 as size_bytes,
       coalesce(figures.seq_scans, 0)::pg_catalog.int8 as seq_scans,
       coalesce(figures.index_scans, 0)::pg_catalog.int8 as index_scans,
       coalesce(figures.rows_inserted, 0)::pg_catalog.int8 as rows_inserted,
       coalesce(figures.rows_updated, 0)::pg_catalog.int8 as rows_updated,
       coalesce(figures.rows_deleted, 0)::pg_catalog.int8 as rows_deleted,
       coalesce(figures.live_rows, 0)::pg_catalog.int8 as live_rows,
       coalesce(figures.rows_modified, 0)::pg_catalog.int8 as rows_modified,
       figures.analyze_age_s,
       array(
           select attribute.attname::pg_catalog.text
           from pg_catalog.pg_partitioned_table as divided
           cross join pg_catalog.unnest(divided.partattrs::pg_catalog.int2[]) with ordinality as key (number, place)
           join pg_catalog.pg_attribute as attribute
               on attribute.attrelid = divided.partrelid and attribute.attnum = key.number
           where divided.partrelid = relation.oid
           order by key.place
       ) as partition_columns
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
left join figures on figures.oid = relation.oid
left join pg_catalog.pg_inherits as parent on parent.inhrelid = relation.oid and relation.relispartition
where relation.relkind in ('r', 'p')
  and relation.relpersistence <> 't'
  and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema'
  and relation.oid not in (select extension_member.objid from extension_member)
