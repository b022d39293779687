select 'replication slot' as kind,
       slot.slot_name::pg_catalog.text as name,
       slot.active as is_active,
       pg_catalog.age(slot.xmin) as xmin_age,
       pg_catalog.age(slot.catalog_xmin) as catalog_xmin_age,
       null::pg_catalog.float8 as inactive_ms
from pg_catalog.pg_replication_slots as slot
union all
select 'standby',
       coalesce(walsender.application_name, ''),
       true,
       pg_catalog.age(walsender.backend_xmin),
       null,
       null
from pg_catalog.pg_stat_replication as walsender
where not exists (select from pg_catalog.pg_replication_slots as slot where slot.active_pid = walsender.pid)
order by 1, 2
