select 'operator' as kind,
       o.oprname::pg_catalog.text as name,
       p.oid as function_oid,
       o.oprrest <> 0 or o.oprjoin <> 0 as is_called_by_the_planner
from pg_catalog.pg_operator as o
join pg_catalog.pg_proc as p on p.oid = o.oprcode
where p.provolatile = 'v' or p.oid >= 16384
union all
select case when c.castcontext = 'i' or target.typname in ('json', 'jsonb') then 'hidden cast' else 'cast' end,
       target.typname::pg_catalog.text,
       p.oid,
       false
from pg_catalog.pg_cast as c
join pg_catalog.pg_proc as p on p.oid = c.castfunc
join pg_catalog.pg_type as target on target.oid = c.casttarget
where p.provolatile = 'v' or p.oid >= 16384
union all
select distinct 'operator class', f.opfname::pg_catalog.text, p.oid, false
from pg_catalog.pg_amproc as a
join pg_catalog.pg_opfamily as f on f.oid = a.amprocfamily
join pg_catalog.pg_proc as p on p.oid = a.amproc
join pg_catalog.pg_language as l on l.oid = p.prolang
where (p.provolatile = 'v' or p.oid >= 16384) and l.lanname not in ('c', 'internal')
union all
select 'domain', t.typname::pg_catalog.text, called.oid, false
from pg_catalog.pg_constraint as c
join pg_catalog.pg_type as t on t.oid = c.contypid
cross join lateral (
  select distinct found[1]::pg_catalog.oid as oid
  from pg_catalog.regexp_matches(
         c.conbin::pg_catalog.text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') as found
) as called
