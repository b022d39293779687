select ruled.oid,
       ruled.contype::pg_catalog.text as type,
       pg_catalog.pg_get_constraintdef(ruled.oid) as definition,
       ruled.conindid as index_oid,
       coalesce(relation.relkind = 'p', false) as is_on_partitioned,
       case when ruled.contypid <> 0 then pg_catalog.format_type(ruled.contypid, null) end as domain
from pg_catalog.pg_constraint as ruled
left join pg_catalog.pg_class as relation on relation.oid = ruled.conrelid
where ruled.oid = any ($1::pg_catalog.oid[])
