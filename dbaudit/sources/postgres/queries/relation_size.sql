with locked as materialized (
    select lock.relation
    from pg_catalog.pg_locks as lock
    where lock.locktype = 'relation'
      and lock.mode = 'AccessExclusiveLock'
      and lock.database = (select own.oid from pg_catalog.pg_database as own where own.datname = pg_catalog.current_database())
)
select pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as name,
       relation.relkind::pg_catalog.text as kind,
       relation.relpages as pages,
       relation.reltuples::pg_catalog.float8 as tuples,
       relation.relallvisible as all_visible_pages,
       case when relation.relkind not in ('p', 'I') and relation.oid not in (select locked.relation from locked)
            then pg_catalog.pg_relation_size(relation.oid)
                / pg_catalog.current_setting('block_size')::pg_catalog.int8 end as file_pages
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
where relation.relkind in ('r', 'p', 'm', 'i', 'I')
  and (relation.oid = any ($1::pg_catalog.oid[]) or index.indrelid = any ($1))
order by 1
