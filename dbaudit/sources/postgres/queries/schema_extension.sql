select extension.oid, pg_catalog.quote_ident(namespace.nspname) as schema
from pg_catalog.pg_extension as extension
join pg_catalog.pg_namespace as namespace on namespace.oid = extension.extnamespace
where extension.oid = any ($1::pg_catalog.oid[])
