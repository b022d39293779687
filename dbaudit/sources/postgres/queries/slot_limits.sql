select pg_catalog.current_setting('max_connections')::pg_catalog.int4 as max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
           as superuser_reserved_connections,
       coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4
           as reserved_connections
