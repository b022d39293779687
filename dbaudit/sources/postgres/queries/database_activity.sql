select activity.xact_commit as commits,
       activity.xact_rollback as rollbacks,
       activity.blks_read as blocks_read,
       activity.blks_hit as blocks_hit,
       activity.tup_returned as rows_returned,
       activity.tup_fetched as rows_fetched,
       activity.tup_inserted as rows_inserted,
       activity.tup_updated as rows_updated,
       activity.tup_deleted as rows_deleted,
       activity.temp_files as temporary_files,
       activity.temp_bytes as temporary_bytes,
       activity.deadlocks,
       pg_catalog.date_part('epoch', pg_catalog.now() - activity.stats_reset) as age_s
from pg_catalog.pg_stat_database as activity
where activity.datname = pg_catalog.current_database()
