select a.attrelid::pg_catalog.int8,
       a.attname::pg_catalog.text,
       a.attnum::pg_catalog.int4,
       a.atttypid::pg_catalog.int8,
       a.attcollation::pg_catalog.int8,
       a.attlen::pg_catalog.int4,
       coalesce(i.indkey[a.attnum - 1], 0)::pg_catalog.int4
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_index as i on i.indexrelid = c.oid
where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and a.attnum > 0
  and not a.attisdropped
