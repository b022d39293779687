select index.indexrelid as oid, pg_catalog.pg_get_indexdef(index.indexrelid) as definition
from pg_catalog.pg_index as index
where index.indexrelid = any ($1::pg_catalog.oid[])
