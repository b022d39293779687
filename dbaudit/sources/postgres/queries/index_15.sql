with recursive
own as materialized (
    select database.oid from pg_catalog.pg_database as database where database.datname = pg_catalog.current_database()
),
lock as materialized (
    select held.relation, held.mode, held.pid
    from pg_catalog.pg_locks as held
    where held.locktype = 'relation'
      and held.mode in ('AccessExclusiveLock', 'ShareUpdateExclusiveLock')
      and held.database = (select own.oid from own)
),
locked as materialized (
    select lock.relation from lock where lock.mode = 'AccessExclusiveLock'
),
building as materialized (
    select progress.relid as relation
    from pg_catalog.pg_stat_progress_create_index as progress
    where progress.datid = (select own.oid from own) and progress.relid is not null
    union
    select lock.relation
    from pg_catalog.pg_stat_progress_create_index as progress
    join lock on lock.pid = progress.pid
    where progress.datid = (select own.oid from own) and progress.relid is null
    union
    select lock.relation
    from lock
    join pg_catalog.pg_class as relation on relation.oid = lock.relation and relation.relkind in ('i', 'I')
),
extension_member as materialized (
    select member.objid
    from pg_catalog.pg_depend as member
    where member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and member.deptype = 'e'
),
wanted as materialized (
    select index.*,
           relation.relname,
           relation.relkind,
           relation.relnamespace,
           relation.relpages,
           relation.reltablespace,
           relation.relispartition,
           namespace.nspname,
           heap.relname as heap_name,
           heap.reltuples as heap_rows,
           method.amname,
           index.indrelid in (select locked.relation from locked)
               or index.indexrelid in (select locked.relation from locked) as is_locked
    from pg_catalog.pg_index as index
    join pg_catalog.pg_class as relation on relation.oid = index.indexrelid
    join pg_catalog.pg_class as heap on heap.oid = index.indrelid
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    join pg_catalog.pg_am as method on method.oid = relation.relam
    where heap.relkind in ('r', 'p', 'm')
      and heap.relpersistence <> 't'
      and namespace.nspname !~ '^pg_'
      and namespace.nspname <> 'information_schema'
      and index.indrelid not in (select extension_member.objid from extension_member)
      and index.indexrelid not in (select extension_member.objid from extension_member)
      and ($1::pg_catalog.oid[] is null or index.indrelid = any ($1))
),
keys as materialized (
    select wanted.indexrelid,
           pg_catalog.array_agg(coalesce(attribute.attname, '')::pg_catalog.text order by key.position)
               filter (where key.position <= wanted.indnkeyatts) as key_columns,
           pg_catalog.array_agg(attribute.attname::pg_catalog.text order by key.position)
               filter (where key.position > wanted.indnkeyatts) as included_columns,
           pg_catalog.array_agg(coalesce(opclass.opcfamily, 0::pg_catalog.oid) order by key.position)
               filter (where key.position <= wanted.indnkeyatts) as opfamilies,
           pg_catalog.array_agg(coalesce(opclass.opcdefault, false) order by key.position)
               filter (where key.position <= wanted.indnkeyatts) as default_opclasses,
           pg_catalog.array_agg(coalesce(attribute.attnotnull, false) order by key.position)
               filter (where key.position <= wanted.indnkeyatts) as keys_not_null,
           pg_catalog.array_agg(coalesce(attribute.attcollation, 0::pg_catalog.oid) order by key.position)
               filter (where key.position <= wanted.indnkeyatts) as column_collations
    from wanted
    cross join lateral rows from (
        pg_catalog.unnest(wanted.indkey::pg_catalog.int2[]), pg_catalog.unnest(wanted.indclass::pg_catalog.oid[])
    ) with ordinality as key (attnum, opclass, position)
    left join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = wanted.indrelid and attribute.attnum = key.attnum and key.attnum <> 0
    left join pg_catalog.pg_opclass as opclass on opclass.oid = key.opclass
    group by wanted.indexrelid
),
stored as materialized (
    select wanted.indexrelid as oid,
           coalesce(
               case when wanted.heap_rows < 0 and not wanted.is_locked
                    then pg_catalog.pg_relation_size(wanted.indexrelid) end,
               wanted.relpages::pg_catalog.int8 * pg_catalog.current_setting('block_size')::pg_catalog.int8
           ) as size_bytes,
           pg_catalog.pg_stat_get_numscans(wanted.indexrelid) as scans,
           null::pg_catalog.timestamptz as last_scan
    from wanted
    where wanted.relkind = 'i'
),
tree (ancestor, member) as (
    select link.inhparent, link.inhrelid
    from pg_catalog.pg_inherits as link
    join wanted on wanted.indexrelid = link.inhrelid
    union all
    select tree.ancestor, link.inhrelid
    from tree
    join pg_catalog.pg_inherits as link on link.inhparent = tree.member
),
figures as (
    select * from stored
    union all
    select tree.ancestor, pg_catalog.sum(stored.size_bytes), pg_catalog.sum(stored.scans), pg_catalog.max(stored.last_scan)
    from tree
    join stored on stored.oid = tree.member
    group by tree.ancestor
),
referring as materialized (
    select foreign_key.conindid, pg_catalog.count(*) as foreign_key_count
    from pg_catalog.pg_constraint as foreign_key
    where foreign_key.contype = 'f'
    group by foreign_key.conindid
)
select wanted.indexrelid as oid,
       wanted.indrelid as table_oid,
       wanted.nspname::pg_catalog.text as schema,
       wanted.relname::pg_catalog.text as name,
       pg_catalog.format('%I.%I', wanted.nspname, wanted.relname) as qualified,
       pg_catalog.format('%I.%I', wanted.nspname, wanted.heap_name) as table,
       wanted.amname::pg_catalog.text as method,
       keys.key_columns,
       (wanted.indkey::pg_catalog.int2[])[0:wanted.indnkeyatts - 1] as key_attributes,
       coalesce(keys.included_columns, '{}') as included_columns,
       wanted.indclass::pg_catalog.oid[] as opclasses,
       keys.opfamilies,
       wanted.indcollation::pg_catalog.oid[] as collations,
       wanted.indoption::pg_catalog.int2[] as options,
       case when wanted.indexprs is null or wanted.is_locked then ''
            else pg_catalog.pg_get_expr(wanted.indexprs, wanted.indrelid) end as expressions,
       case when wanted.indpred is null or wanted.is_locked then ''
            else pg_catalog.pg_get_expr(wanted.indpred, wanted.indrelid) end as predicate,
       wanted.indisunique as is_unique,
       wanted.indisprimary as is_primary,
       wanted.indisexclusion as is_exclusion,
       wanted.indisvalid as is_valid,
       wanted.indisready as is_ready,
       wanted.indislive as is_live,
       wanted.indisreplident as is_replica_identity,
       wanted.indrelid in (select building.relation from building)
           or wanted.indexrelid in (select building.relation from building) as is_being_built,
       wanted.relkind = 'I' as is_partitioned,
       wanted.indnullsnotdistinct as nulls_not_distinct,
       coalesce(parent.inhparent, 0::pg_catalog.oid) as parent_oid,
       coalesce(pg_catalog.quote_ident(constrained.conname), '') as constraint,
       coalesce(constrained.contype::pg_catalog.text, '') as constraint_type,
       case when wanted.is_locked then '' else pg_catalog.pg_get_indexdef(wanted.indexrelid) end as definition,
       coalesce(figures.size_bytes, 0)::pg_catalog.int8 as size_bytes,
       coalesce(figures.scans, 0)::pg_catalog.int8 as scans,
       pg_catalog.date_part('epoch', pg_catalog.now() - figures.last_scan) as last_scan_age_s,
       wanted.indimmediate as is_immediate,
       wanted.indisclustered as is_clustered,
       wanted.is_locked as is_unread,
       wanted.indpred is not null as is_partial,
       keys.keys_not_null,
       keys.default_opclasses,
       keys.column_collations,
       case when constrained.oid is null or wanted.is_locked then ''
            else pg_catalog.pg_get_constraintdef(constrained.oid) end as constraint_definition,
       coalesce(referring.foreign_key_count, 0)::pg_catalog.int4 as foreign_key_count,
       coalesce(pg_catalog.quote_ident(tablespace.spcname), '') as tablespace,
       coalesce(description.description, '') as comment,
       coalesce(constraint_description.description, '') as constraint_comment
from wanted
join keys on keys.indexrelid = wanted.indexrelid
left join figures on figures.oid = wanted.indexrelid
left join pg_catalog.pg_inherits as parent on parent.inhrelid = wanted.indexrelid
left join pg_catalog.pg_constraint as constrained
    on constrained.conindid = wanted.indexrelid and constrained.conrelid = wanted.indrelid
   and constrained.contype in ('p', 'u', 'x')
left join referring on referring.conindid = wanted.indexrelid
left join pg_catalog.pg_tablespace as tablespace on tablespace.oid = wanted.reltablespace
left join pg_catalog.pg_description as description
    on description.objoid = wanted.indexrelid and description.objsubid = 0
   and description.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
left join pg_catalog.pg_description as constraint_description
    on constraint_description.objoid = constrained.oid and constraint_description.objsubid = 0
   and constraint_description.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
