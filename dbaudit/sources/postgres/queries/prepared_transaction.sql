select prepared.gid,
       pg_catalog.quote_ident(prepared.database) as database,
       pg_catalog.quote_ident(prepared.owner) as owner,
       greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared.prepared) * 1000) as age_ms,
       pg_catalog.age(prepared.transaction) as xid_age
from pg_catalog.pg_prepared_xacts as prepared
order by prepared.prepared, prepared.gid
