select pg_catalog.format('%I.%I', n.nspname, c.relname),
       c.oid::pg_catalog.int8,
       n.nspname::pg_catalog.text,
       c.relname::pg_catalog.text,
       c.relkind::pg_catalog.text,
       coalesce(m.amname::pg_catalog.text, ''),
       coalesce(pg_catalog.pg_relation_filepath(c.oid), ''),
       coalesce(i.indrelid, 0)::pg_catalog.int8,
       coalesce(i.indisunique, false),
       coalesce(i.indnkeyatts, 0)::pg_catalog.int4
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_am as m on m.oid = c.relam
left join pg_catalog.pg_index as i on i.indexrelid = c.oid
where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
