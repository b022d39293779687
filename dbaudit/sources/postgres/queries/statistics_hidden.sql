select pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as name,
       pg_catalog.row_security_active(relation.oid) as is_by_policy,
       array(
           select pg_catalog.quote_ident(attribute.attname)
           from pg_catalog.pg_attribute as attribute
           where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
             and not pg_catalog.has_column_privilege(relation.oid, attribute.attnum, 'select')
           order by attribute.attnum
       ) as columns
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
where relation.oid = any ($1::pg_catalog.oid[]) or (index.indrelid = any ($1) and index.indexprs is not null)
order by 1
