select pg_catalog.pg_encoding_to_char(database.encoding)::pg_catalog.text as encoding,
       case pg_catalog.to_jsonb(database) ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end
           as provider,
       database.datcollate::pg_catalog.text as collate,
       database.datctype::pg_catalog.text as ctype,
       coalesce(pg_catalog.to_jsonb(database) ->> 'datlocale', pg_catalog.to_jsonb(database) ->> 'daticulocale', '') as locale,
       pg_catalog.current_setting('block_size')::pg_catalog.int4 as block_size_bytes
from pg_catalog.pg_database as database
where database.datname = pg_catalog.current_database()
