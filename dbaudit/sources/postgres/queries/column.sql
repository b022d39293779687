with wanted as materialized (
    select relation.oid, relation.relname, namespace.nspname
    from rows from (
        pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])
    ) as given (nspname, relname)
    join pg_catalog.pg_namespace as namespace on namespace.nspname = given.nspname::pg_catalog.name
    join pg_catalog.pg_class as relation
        on relation.relnamespace = namespace.oid and relation.relname = given.relname::pg_catalog.name
    where relation.relkind in ('r', 'p', 'm')
)
select wanted.oid as table_oid,
       wanted.nspname::pg_catalog.text as schema,
       wanted.relname::pg_catalog.text as table,
       attribute.attname::pg_catalog.text as name,
       pg_catalog.quote_ident(attribute.attname) as quoted,
       attribute.attnum as number,
       pg_catalog.format_type(attribute.atttypid, null) as type,
       pg_catalog.format_type(base.oid, null) as base_type,
       attribute.attcollation = 0 or case locale.provider
           when 'b' then true
           when 'c' then locale.name in ('C', 'POSIX')
           else false end as has_c_collation,
       not attribute.attnotnull as is_nullable,
       statistics.null_frac::pg_catalog.float8 as null_fraction,
       statistics.n_distinct::pg_catalog.float8 as distinct_count,
       statistics.avg_width as average_width_bytes,
       statistics.correlation::pg_catalog.float8 as correlation
from wanted
join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = wanted.oid and attribute.attnum > 0 and not attribute.attisdropped
join pg_catalog.pg_type as type on type.oid = attribute.atttypid
cross join lateral (
    with recursive below (oid, basetype) as (
        select type.oid, type.typbasetype
        union all
        select lower.oid, lower.typbasetype
        from below
        join pg_catalog.pg_type as lower on lower.oid = below.basetype
    )
    select below.oid from below where below.basetype = 0
) as base
join pg_catalog.pg_database as database on database.datname = pg_catalog.current_database()
left join pg_catalog.pg_collation as collated on collated.oid = attribute.attcollation and collated.collprovider <> 'd'
cross join lateral (
    select coalesce(collated.collprovider::pg_catalog.text, pg_catalog.to_jsonb(database) ->> 'datlocprovider', 'c'),
           coalesce(collated.collcollate, database.datcollate)::pg_catalog.text
) as locale (provider, name)
left join pg_catalog.pg_stats as statistics
    on statistics.schemaname = wanted.nspname
   and statistics.tablename = wanted.relname
   and statistics.attname = attribute.attname
   and statistics.inherited = (select relation.relkind = 'p' from pg_catalog.pg_class as relation where relation.oid = wanted.oid)
order by wanted.oid, attribute.attnum
