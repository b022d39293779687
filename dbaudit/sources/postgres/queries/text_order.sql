with wanted as materialized (
    select relation.oid, namespace.nspname, relation.relname
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
    where relation.oid = any ($1::pg_catalog.oid[]) or index.indrelid = any ($1)
),
known as materialized (
    select wanted.oid, column_statistics.attname,
           column_statistics.most_common_vals::pg_catalog.text as common,
           column_statistics.histogram_bounds::pg_catalog.text as bounds,
           column_statistics.most_common_elems::pg_catalog.text as elements
    from pg_catalog.pg_stats as column_statistics
    join wanted on wanted.nspname = column_statistics.schemaname and wanted.relname = column_statistics.tablename
),
value (text) as (
    select part.text
    from known
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = known.oid and attribute.attname = known.attname
    cross join lateral (
        select pg_catalog.unnest(known.common::pg_catalog.text[])
        union all
        select pg_catalog.unnest(known.bounds::pg_catalog.text[])
        union all
        select pg_catalog.unnest(known.elements::pg_catalog.text[])
    ) as part (text)
    where attribute.attcollation <> 0
    union all
    select pg_catalog.unnest(grouped.most_common_vals)
    from pg_catalog.pg_stats_ext as grouped
    join wanted on wanted.nspname = grouped.schemaname and wanted.relname = grouped.tablename
)
select value.text as value
from value
where value.text is not null
group by value.text
order by value.text
