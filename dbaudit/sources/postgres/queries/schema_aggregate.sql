select routine.oid,
       pg_catalog.format('%I.%I(%s)', namespace.nspname, routine.proname,
                         case when routine.pronargs = 0 then '*'
                              else pg_catalog.pg_get_function_arguments(routine.oid) end) as signature,
       pg_catalog.format_type(aggregate.aggtranstype, null) as state_type,
       nullif(aggregate.aggtransspace, 0) as state_space,
       pg_catalog.format_type(nullif(aggregate.aggmtranstype, 0), null) as moving_state_type,
       nullif(aggregate.aggmtransspace, 0) as moving_state_space,
       pg_catalog.quote_literal(aggregate.agginitval) as initial,
       pg_catalog.quote_literal(aggregate.aggminitval) as moving_initial,
       aggregate.aggkind = 'h' as is_hypothetical,
       aggregate.aggfinalextra as final_takes_extra,
       aggregate.aggmfinalextra as moving_final_takes_extra,
       routine.proparallel::pg_catalog.text as parallel,
       case when aggregate.aggsortop <> 0
            then (select pg_catalog.format('operator(%I.%s)', sort_namespace.nspname, sort.oprname)
                  from pg_catalog.pg_operator as sort
                  join pg_catalog.pg_namespace as sort_namespace on sort_namespace.oid = sort.oprnamespace
                  where sort.oid = aggregate.aggsortop) end as sort_operator,
       (select pg_catalog.array_agg(pg_catalog.format('%s = %I.%I', part.word, part_namespace.nspname, called.proname)
                                    order by part.position)
        from (values
            (1, 'sfunc', aggregate.aggtransfn::pg_catalog.oid), (2, 'finalfunc', aggregate.aggfinalfn::pg_catalog.oid),
            (3, 'combinefunc', aggregate.aggcombinefn::pg_catalog.oid),
            (4, 'serialfunc', aggregate.aggserialfn::pg_catalog.oid),
            (5, 'deserialfunc', aggregate.aggdeserialfn::pg_catalog.oid),
            (6, 'msfunc', aggregate.aggmtransfn::pg_catalog.oid),
            (7, 'minvfunc', aggregate.aggminvtransfn::pg_catalog.oid),
            (8, 'mfinalfunc', aggregate.aggmfinalfn::pg_catalog.oid)
        ) as part (position, word, oid)
        join pg_catalog.pg_proc as called on called.oid = part.oid
        join pg_catalog.pg_namespace as part_namespace on part_namespace.oid = called.pronamespace) as routines
from pg_catalog.pg_proc as routine
join pg_catalog.pg_aggregate as aggregate on aggregate.aggfnoid = routine.oid
join pg_catalog.pg_namespace as namespace on namespace.oid = routine.pronamespace
where routine.oid = any ($1::pg_catalog.oid[])
