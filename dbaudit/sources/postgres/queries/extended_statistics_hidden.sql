select pg_catalog.format('%I.%I', namespace.nspname, described.stxname) as name
from pg_catalog.pg_statistic_ext as described
join pg_catalog.pg_namespace as namespace on namespace.oid = described.stxnamespace
join pg_catalog.pg_class as relation on relation.oid = described.stxrelid
where described.stxrelid = any ($1::pg_catalog.oid[])
  and (not pg_catalog.pg_has_role(relation.relowner, 'usage') or pg_catalog.row_security_active(relation.oid))
order by 1
