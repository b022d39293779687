select pg_catalog.format('%I.%I', namespace.nspname, described.stxname) as name,
       described.stxrelid as relation_oid,
       described.stxkeys::pg_catalog.int2[] as columns,
       case when described.stxexprs is null then 0 else 1 end as expressions
from pg_catalog.pg_statistic_ext as described
join pg_catalog.pg_namespace as namespace on namespace.oid = described.stxnamespace
where described.stxrelid = any ($1::pg_catalog.oid[])
order by 1
