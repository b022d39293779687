select pg_catalog.quote_ident(counted.datname) as database,
       counted.sessions,
       counted.xact_commit + counted.xact_rollback as transactions,
       counted.sessions_abandoned as abandoned,
       counted.sessions_fatal as fatal,
       counted.sessions_killed as killed,
       counted.active_time as active_ms,
       counted.idle_in_transaction_time as in_transaction_ms,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - counted.stats_reset) as age_s,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) as read_at_s
from pg_catalog.pg_stat_database as counted
where counted.datname is not null
order by 1
