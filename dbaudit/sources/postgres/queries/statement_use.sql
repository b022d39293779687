select used.queryid as query_id,
       not coalesce((pg_catalog.to_jsonb(used) ->> 'toplevel')::pg_catalog.bool, true) as is_nested,
       pg_catalog.sum(used.calls)::pg_catalog.int8 as calls,
       pg_catalog.sum(coalesce(pg_catalog.to_jsonb(used) ->> 'total_exec_time', pg_catalog.to_jsonb(used) ->> 'total_time')
                      ::pg_catalog.float8) as total_ms,
       pg_catalog.sum(used.rows)::pg_catalog.int8 as rows,
       pg_catalog.sum(used.shared_blks_read)::pg_catalog.int8 as blocks_read,
       pg_catalog.sum(used.shared_blks_hit)::pg_catalog.int8 as blocks_hit,
       pg_catalog.sum(used.temp_blks_written)::pg_catalog.int8 as temporary_blocks_written,
       pg_catalog.min(used.query) as text
from {view} as used
where used.dbid = (select own.oid from pg_catalog.pg_database as own where own.datname = pg_catalog.current_database())
group by 1, 2
order by 1, 2
