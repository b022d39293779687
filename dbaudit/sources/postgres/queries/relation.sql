select namespace.nspname::pg_catalog.text as schema,
       relation.relname::pg_catalog.text as name,
       relation.relkind::pg_catalog.text as kind
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p', 'v', 'm', 'f')
  and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema'
