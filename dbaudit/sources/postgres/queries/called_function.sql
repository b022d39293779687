select p.oid,
       n.nspname::pg_catalog.text as schema,
       p.proname::pg_catalog.text as name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) as qualified,
       l.lanname::pg_catalog.text as language,
       p.provolatile = 'v' as is_volatile,
       p.proretset as returns_set,
       n.nspname = any (pg_catalog.current_schemas(true)) as is_in_search_path,
       coalesce(first_argument.typtype in ('c', 'p'), false) as takes_row,
       coalesce(e.extname::pg_catalog.text, '') as extension,
       array[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
             a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::pg_catalog.int8[] as support_functions
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
join pg_catalog.pg_language as l on l.oid = p.prolang
left join pg_catalog.pg_aggregate as a on a.aggfnoid = p.oid
left join pg_catalog.pg_type as first_argument on first_argument.oid = p.proargtypes[0]
left join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
     and d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
left join pg_catalog.pg_extension as e on e.oid = d.refobjid
where p.prokind <> 'p'
  and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
  and (p.provolatile = 'v'
       or p.oid >= 16384 and (p.prokind = 'a' or p.pronargdefaults > 0 or l.lanname not in ('c', 'internal'))
       or p.proname = any ($1::pg_catalog.text[]))
