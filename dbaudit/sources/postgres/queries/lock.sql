with locks as materialized (
    select * from pg_catalog.pg_locks
), prepared as materialized (
    select prepared.gid, own.virtualtransaction
    from pg_catalog.pg_prepared_xacts as prepared
    join locks as own on own.transactionid = prepared.transaction
                     and own.locktype = 'transactionid' and own.granted and own.pid is null
)
select coalesce(locks.pid, 0) as pid,
       coalesce(prepared.gid, '') as gid,
       locks.locktype as type,
       locks.mode,
       coalesce(pg_catalog.quote_ident(namespace.nspname) || '.' || pg_catalog.quote_ident(class.relname), '')
           as relation,
       locks.granted as is_granted,
       case when locks.waitstart is not null then
           greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - locks.waitstart) * 1000)
       end as wait_ms,
       case when locks.granted then '{}' else array(
           select distinct holder.gid
           from locks as held
           join prepared as holder on holder.virtualtransaction = held.virtualtransaction
           where held.pid is null and held.granted
             and (held.locktype, held.database, held.relation, held.page, held.tuple)
                 is not distinct from (locks.locktype, locks.database, locks.relation, locks.page, locks.tuple)
             and (held.virtualxid, held.transactionid, held.classid, held.objid, held.objsubid)
                 is not distinct from
                 (locks.virtualxid, locks.transactionid, locks.classid, locks.objid, locks.objsubid)
       ) end as prepared_holders
from locks
left join prepared on locks.pid is null and prepared.virtualtransaction = locks.virtualtransaction
left join pg_catalog.pg_class as class
     on class.oid = locks.relation
    and locks.database in (0, (select own.oid from pg_catalog.pg_database as own
                               where own.datname = pg_catalog.current_database()))
left join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
where locks.pid is distinct from pg_catalog.pg_backend_pid()
  and (not locks.granted
       or locks.locktype in ('tuple', 'advisory')
       or (locks.locktype = 'relation'
           and (class.oid is null
                or (class.relkind not in ('i', 'I', 't')
                    and namespace.nspname not in ('pg_catalog', 'information_schema')))))
order by locks.pid, relation, locks.mode
