select coalesce(pg_catalog.quote_ident(activity.datname), '') as database,
       coalesce(pg_catalog.quote_ident(activity.usename), '') as user,
       coalesce(activity.application_name, '') as application,
       case when activity.pid = pg_catalog.pg_backend_pid() then 'own'
            when activity.backend_type = 'parallel worker' then 'worker'
            when activity.backend_type is null or activity.state = 'disabled' then 'masked'
            when activity.state like 'idle in transaction%' then 'in transaction'
            when activity.state = 'idle' then 'idle'
            when activity.wait_event_type = 'Lock' then 'waiting'
            else 'active' end as doing,
       pg_catalog.count(*) as sessions
from pg_catalog.pg_stat_activity as activity
where activity.backend_type in ('client backend', 'parallel worker')
   or (activity.backend_type is null
       and activity.datid is not null
       and activity.usesysid is not null
       and activity.pid not in (select sender.pid from pg_catalog.pg_stat_replication as sender)
       and activity.pid not in (select worker.pid from pg_catalog.pg_stat_subscription as worker
                                where worker.pid is not null))
group by 1, 2, 3, 4
