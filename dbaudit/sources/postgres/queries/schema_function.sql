select routine.oid, pg_catalog.pg_get_functiondef(routine.oid) as definition
from pg_catalog.pg_proc as routine
where routine.oid = any ($1::pg_catalog.oid[]) and routine.prokind <> 'a'
