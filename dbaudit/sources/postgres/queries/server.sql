select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as version_num,
       pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) as version,
       pg_catalog.current_database()::pg_catalog.text as database,
       current_user::pg_catalog.text as user,
       pg_catalog.current_setting('is_superuser') = 'on' as is_superuser,
       pg_catalog.pg_has_role('pg_read_all_stats', 'usage') as reads_all_statistics,
       pg_catalog.pg_is_in_recovery() as in_recovery,
       pg_catalog.date_part('epoch', pg_catalog.now() - pg_catalog.pg_postmaster_start_time()) as uptime_s,
       pg_catalog.date_part('epoch', pg_catalog.now() - coalesce(
           (select activity.stats_reset
            from pg_catalog.pg_stat_database as activity
            where activity.datname = pg_catalog.current_database()),
           (select pg_catalog.min(
                      least(
                          pg_catalog.pg_stat_get_last_vacuum_time(relation.oid),
                          pg_catalog.pg_stat_get_last_autovacuum_time(relation.oid),
                          pg_catalog.pg_stat_get_last_analyze_time(relation.oid),
                          pg_catalog.pg_stat_get_last_autoanalyze_time(relation.oid)
                      )
                  )
            from pg_catalog.pg_class as relation
            where relation.relkind in ('r', 'm', 't') and not relation.relisshared)
       )) as statistics_age_s
