-- Each column that an INSERT gives, with how a value is made that no row has, and where one is needed: in each unique index
-- of plain columns. Nothing where an INSERT would do more than insert, or what is unique cannot be told by columns.
with tree as materialized (
    select $1::pg_catalog.oid as oid
     union
    select part.relid::pg_catalog.oid from pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) as part
)
select pg_catalog.quote_ident(attribute.attname) as name,
       case when type.typcategory = 'N' then 'number'
            when type.oid = 'pg_catalog.date'::pg_catalog.regtype then 'date'
            when type.oid in ('pg_catalog.timestamp'::pg_catalog.regtype, 'pg_catalog.timestamptz'::pg_catalog.regtype)
                then 'time'
            when type.oid = 'pg_catalog.uuid'::pg_catalog.regtype then 'uuid'
            when type.oid in ('pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype) then 'text'
            else '' end as kind,
       exists (select from pg_catalog.pg_constraint as reference
                where reference.conrelid = $1::pg_catalog.oid and reference.contype = 'f'
                  and attribute.attnum = any (reference.conkey)) as refers,
       array (select index.indexrelid from pg_catalog.pg_index as index
               where index.indrelid = $1::pg_catalog.oid and index.indisunique
                 and attribute.attnum = any (index.indkey::pg_catalog.int2[])
               order by 1) as unique_in,
       array (select index.indexrelid from pg_catalog.pg_index as index
               where index.indrelid = $1::pg_catalog.oid and (index.indisunique or index.indisexclusion)
               order by 1) as unique_indexes
  from pg_catalog.pg_attribute as attribute
  join pg_catalog.pg_type as type on type.oid = attribute.atttypid
 where attribute.attrelid = $1::pg_catalog.oid and attribute.attnum > 0
   and not attribute.attisdropped and attribute.attgenerated = ''
   and not exists (select from tree join pg_catalog.pg_class as class on class.oid = tree.oid
                    where class.relhasrules or class.relkind not in ('r', 'p'))
   and not exists (select from tree join pg_catalog.pg_trigger as trigger on trigger.tgrelid = tree.oid
                    where not trigger.tgisinternal)
 order by attribute.attnum
