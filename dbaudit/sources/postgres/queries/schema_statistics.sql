select described.oid, pg_catalog.pg_get_statisticsobjdef(described.oid) as definition
from pg_catalog.pg_statistic_ext as described
where described.oid = any ($1::pg_catalog.oid[])
