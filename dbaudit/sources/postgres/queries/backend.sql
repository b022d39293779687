with waiting as materialized (
    select distinct locks.pid from pg_catalog.pg_locks as locks where not locks.granted
)
select activity.pid,
       activity.leader_pid,
       coalesce(pg_catalog.quote_ident(activity.datname), '') as database,
       coalesce(pg_catalog.quote_ident(activity.usename), '') as user,
       coalesce(activity.application_name, '') as application,
       case when activity.backend_type is null then ''
            else coalesce(pg_catalog.host(activity.client_addr), '[local]') end as client,
       coalesce(
           activity.backend_type,
           case when activity.pid in (select sender.pid from pg_catalog.pg_stat_replication as sender) then 'walsender'
                when activity.pid in (select worker.pid from pg_catalog.pg_stat_subscription as worker)
                then 'logical replication worker'
                when activity.usesysid is null then 'autovacuum worker'
                else '' end
       ) as backend_type,
       coalesce(activity.state, '') as state,
       activity.backend_type is null as is_masked,
       activity.pid = pg_catalog.pg_backend_pid() as is_own,
       coalesce(role.rolsuper, false) as is_superuser,
       case when activity.backend_start is not null then
           greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - activity.backend_start) * 1000)
       end as backend_age_ms,
       case when activity.xact_start is not null then
           greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - activity.xact_start) * 1000)
       end as transaction_age_ms,
       case when activity.state_change is not null then
           greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - activity.state_change) * 1000)
       end as state_age_ms,
       coalesce(activity.wait_event_type, '') as wait_event_type,
       coalesce(activity.wait_event, '') as wait_event,
       pg_catalog.age(activity.backend_xid) as xid_age,
       pg_catalog.age(activity.backend_xmin) as xmin_age,
       case when activity.backend_type is null then '' else coalesce(pg_catalog.left(activity.query, 500), '') end
           as statement,
       case when activity.wait_event_type = 'Lock'
                 or (activity.backend_type is null and activity.pid in (select waiting.pid from waiting))
            then pg_catalog.pg_blocking_pids(activity.pid)
            else '{}' end as blocked_by
from pg_catalog.pg_stat_activity as activity
left join pg_catalog.pg_roles as role on role.oid = activity.usesysid
where activity.datid is not null
   or activity.backend_type = 'client backend'
   or activity.pid in (select sender.pid from pg_catalog.pg_stat_replication as sender)
order by activity.backend_start, activity.pid
