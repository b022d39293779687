select c.oid,
       n.nspname::pg_catalog.text as schema,
       c.relname::pg_catalog.text as name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as qualified,
       n.nspname = any (pg_catalog.current_schemas(true)) as is_in_search_path
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'v' and c.oid >= 16384
