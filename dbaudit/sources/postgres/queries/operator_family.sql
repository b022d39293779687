select member.amopfamily as oid,
       pg_catalog.array_agg(distinct member.amopopr) as equality_operators
from pg_catalog.pg_amop as member
where member.amoppurpose = 's'
  and member.amopopr in (
      select equality.amopopr
      from pg_catalog.pg_amop as equality
      join pg_catalog.pg_am as method on method.oid = equality.amopmethod
      where (method.amname = 'btree' and equality.amopstrategy = 3)
         or (method.amname = 'hash' and equality.amopstrategy = 1)
  )
group by member.amopfamily
