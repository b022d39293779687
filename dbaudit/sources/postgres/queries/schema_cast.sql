select conversion.oid,
       conversion.castmethod::pg_catalog.text as method,
       conversion.castcontext::pg_catalog.text as context,
       nullif(conversion.castfunc, 0)::pg_catalog.regprocedure::pg_catalog.text as function
from pg_catalog.pg_cast as conversion
where conversion.oid = any ($1::pg_catalog.oid[])
