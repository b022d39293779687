select relation.oid,
       case when relation.relkind = 'p' then pg_catalog.pg_get_partkeydef(relation.oid) end as partition_key,
       case when relation.relispartition then pg_catalog.pg_get_expr(relation.relpartbound, relation.oid) end as bounds,
       relation.reloptions as options,
       relation.relispartition as is_partition,
       relation.relrowsecurity as has_row_security,
       relation.relforcerowsecurity as forces_row_security,
       case when method.amname <> 'heap' then method.amname::pg_catalog.text end as method
from pg_catalog.pg_class as relation
left join pg_catalog.pg_am as method on method.oid = relation.relam
where relation.oid = any ($1::pg_catalog.oid[])
