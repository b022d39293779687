select coalesce(pg_catalog.quote_ident(activity.datname), '') as database,
       coalesce(pg_catalog.quote_ident(activity.usename), '') as user,
       pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity as activity
where activity.backend_type = 'client backend'
   or (activity.backend_type is null
       and activity.datid is not null
       and activity.usesysid is not null
       and activity.pid not in (select sender.pid from pg_catalog.pg_stat_replication as sender)
       and activity.pid not in (select worker.pid from pg_catalog.pg_stat_subscription as worker
                                where worker.pid is not null))
group by activity.datname, activity.usename
