select pg_catalog.format('%I.%I', n.nspname, c.relname),
       m.amname::pg_catalog.text,
       i.indisunique,
       coalesce(pg_catalog.pg_relation_filepath(c.oid), ''),
       coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
       i.indexprs is not null
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indexrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_am as m on m.oid = c.relam
where i.indexrelid = $1::pg_catalog.oid
