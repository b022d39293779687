-- Every type that a column's values can be of, with what ANALYZE would note as its operators: those of the default B-tree
-- class of the type itself, of its kind, or of a type that it is binary coercible to (lookup_type_cache), else the
-- equality of its hash class. is_ours says whose function reads its text: the server's own or an extension's.
with recursive chain(typ, base) as (
    select t.oid, t.oid from pg_catalog.pg_type as t where t.typrelid = 0
    union all
    select chain.typ, t.typbasetype
    from chain
    join pg_catalog.pg_type as t on t.oid = chain.base
    where t.typtype = 'd'
)
select chain.typ::pg_catalog.int8,
       t.oid::pg_catalog.int8,
       t.typtype::pg_catalog.text,
       case when t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc then t.typelem::pg_catalog.int8 else 0 end,
       coalesce(r.rngsubtype, 0)::pg_catalog.int8,
       f.proowner = 10 and l.lanname in ('internal', 'c')
           and (r.rngcanonical is null or r.rngcanonical = 0 or rf.proowner = 10),
       coalesce(least_operator.amopopr, 0)::pg_catalog.int8,
       coalesce(equal_operator.amopopr, 0)::pg_catalog.int8
from chain
join pg_catalog.pg_type as t on t.oid = chain.base and t.typtype <> 'd'
join pg_catalog.pg_proc as f on f.oid = t.typinput
join pg_catalog.pg_language as l on l.oid = f.prolang
left join pg_catalog.pg_range as r on t.oid in (r.rngtypid, r.rngmultitypid)
left join pg_catalog.pg_proc as rf on rf.oid = r.rngcanonical
left join lateral (
    select o.opcfamily, o.opcintype, o.opcmethod
    from pg_catalog.pg_opclass as o
    join pg_catalog.pg_type as i on i.oid = o.opcintype
    where o.opcdefault
      and o.opcmethod in (403, 405)
      and (o.opcintype = t.oid
           or o.opcintype = case when t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc and t.typlen = -1 then 2277
                                 when t.typtype = 'e' then 3500
                                 when t.typtype = 'r' then 3831
                                 when t.typtype = 'm' then 4537 end
           or exists (
               select from pg_catalog.pg_cast as k
               where k.castsource = t.oid and k.casttarget = o.opcintype and k.castmethod = 'b' and k.castcontext = 'i'
           ))
    order by o.opcmethod, o.opcintype = t.oid desc, i.typtype = 'p' desc, i.typispreferred desc
    limit 1
) as class on true
left join pg_catalog.pg_amop as least_operator
    on least_operator.amopfamily = class.opcfamily and class.opcmethod = 403
   and least_operator.amoplefttype = class.opcintype and least_operator.amoprighttype = class.opcintype
   and least_operator.amopstrategy = 1
left join pg_catalog.pg_amop as equal_operator
    on equal_operator.amopfamily = class.opcfamily
   and equal_operator.amoplefttype = class.opcintype and equal_operator.amoprighttype = class.opcintype
   and equal_operator.amopstrategy = case class.opcmethod when 403 then 3 else 1 end
