with recursive wanted as (
    select relation.oid, pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as qualified
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
    where relation.oid = any ($1::pg_catalog.oid[]) or index.indrelid = any ($1)
),
based (relation_oid, number, oid) as (
    select attribute.attrelid, attribute.attnum, attribute.atttypid
    from wanted
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = wanted.oid and attribute.attnum > 0 and not attribute.attisdropped
    union all
    select based.relation_oid, based.number, domain.typbasetype
    from based
    join pg_catalog.pg_type as domain on domain.oid = based.oid and domain.typtype = 'd'
),
own as materialized (
    select database.datcollate in ('C', 'POSIX')
               and coalesce(pg_catalog.to_jsonb(database) ->> 'datlocprovider', 'c') = 'c' as is_c
    from pg_catalog.pg_database as database
    where database.datname = pg_catalog.current_database()
)
select wanted.qualified as relation,
       attribute.attname::pg_catalog.text as column,
       attribute.attrelid as relation_oid,
       attribute.attnum as number,
       coalesce(element.oid, base.oid) >= 16384 and coalesce(element.typtype, base.typtype) <> 'e' as is_foreign,
       case when coalesce(element.typtype, base.typtype) = 'e' then 'enum'
            else pg_catalog.format_type(coalesce(element.oid, base.oid), null) end as type,
       element.oid is not null as is_array,
       case when attribute.attcollation = 0 or collated.collcollate in ('C', 'POSIX') then 'C'
            when collated.collprovider = 'd' then case when own.is_c then 'C' else 'default' end
            else 'other' end as collation
from based
join wanted on wanted.oid = based.relation_oid
join pg_catalog.pg_attribute as attribute on attribute.attrelid = based.relation_oid and attribute.attnum = based.number
join pg_catalog.pg_type as base on base.oid = based.oid and base.typtype <> 'd'
cross join own
left join pg_catalog.pg_type as element on element.oid = base.typelem and base.typsubscript <> 0 and base.typlen = -1
left join pg_catalog.pg_collation as collated on collated.oid = attribute.attcollation
order by 1, 4
