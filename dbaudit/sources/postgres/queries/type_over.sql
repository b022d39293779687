with recursive containing (oid) as (
  select t.oid
  from pg_catalog.pg_type as t
  where t.typtype = 'd' and t.typname = any ($1::pg_catalog.text[])
  union
  select outside.oid
  from containing as inside
  cross join lateral (
    select t.oid from pg_catalog.pg_type as t where t.typbasetype = inside.oid or t.typelem = inside.oid
    union all
    select c.reltype from pg_catalog.pg_attribute as a
    join pg_catalog.pg_class as c on c.oid = a.attrelid
    where a.atttypid = inside.oid and not a.attisdropped and c.reltype <> 0
    union all
    select r.rngtypid from pg_catalog.pg_range as r where r.rngsubtype = inside.oid
  ) as outside
)
select 'type' as kind, t.typname::pg_catalog.text as name
from containing
join pg_catalog.pg_type as t on t.oid = containing.oid
union
select 'function', p.proname::pg_catalog.text
from pg_catalog.pg_proc as p
where p.oid >= 16384
  and exists (select from containing where containing.oid = any (p.proargtypes))
union
select 'table with literals', c.relname::pg_catalog.text
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join containing on containing.oid = a.atttypid
join pg_catalog.pg_type as t on t.oid = a.atttypid
where t.typtype <> 'd' and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
