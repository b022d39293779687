select coalesce(slot.slot_name, '')::pg_catalog.text as slot,
       walsender.application_name,
       walsender.state
from pg_catalog.pg_stat_replication as walsender
left join pg_catalog.pg_replication_slots as slot on slot.active_pid = walsender.pid
where slot.slot_type is distinct from 'logical'
union all
select slot.slot_name::pg_catalog.text, null, null
from pg_catalog.pg_replication_slots as slot
where slot.slot_type = 'physical'
  and slot.active_pid is null
