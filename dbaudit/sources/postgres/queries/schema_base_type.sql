select type.oid,
       type.typlen as length,
       type.typbyval as is_passed_by_value,
       type.typalign::pg_catalog.text as alignment,
       type.typstorage::pg_catalog.text as storage,
       type.typcategory::pg_catalog.text as category,
       type.typispreferred as is_preferred,
       type.typdelim::pg_catalog.text as delimiter,
       type.typcollation <> 0 as is_collatable,
       pg_catalog.quote_literal(type.typdefault) as standard,
       pg_catalog.format_type(nullif(type.typelem, 0), null) as element,
       (select pg_catalog.array_agg(pg_catalog.format('%s = %I.%I', part.word, namespace.nspname, routine.proname)
                                    order by part.position)
        from (values
            (1, 'input', type.typinput::pg_catalog.oid), (2, 'output', type.typoutput::pg_catalog.oid),
            (3, 'receive', type.typreceive::pg_catalog.oid), (4, 'send', type.typsend::pg_catalog.oid),
            (5, 'typmod_in', type.typmodin::pg_catalog.oid), (6, 'typmod_out', type.typmodout::pg_catalog.oid),
            (7, 'analyze', type.typanalyze::pg_catalog.oid)
        ) as part (position, word, oid)
        join pg_catalog.pg_proc as routine on routine.oid = part.oid
        join pg_catalog.pg_namespace as namespace on namespace.oid = routine.pronamespace) as routines
from pg_catalog.pg_type as type
where type.oid = any ($1::pg_catalog.oid[]) and type.typtype = 'b'
