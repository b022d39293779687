select range.rngtypid as oid,
       pg_catalog.format_type(range.rngsubtype, null) as subtype,
       pg_catalog.format('%I.%I', class_namespace.nspname, class.opcname) as opclass,
       case when collated.oid is not null
            then pg_catalog.format('%I.%I', collated_namespace.nspname, collated.collname) end as collation,
       case when canonical.oid is not null
            then pg_catalog.format('%I.%I', canonical_namespace.nspname, canonical.proname) end as canonical,
       case when difference.oid is not null
            then pg_catalog.format('%I.%I', difference_namespace.nspname, difference.proname) end as difference,
       pg_catalog.format('%I.%I', multirange_namespace.nspname, multirange.typname) as multirange
from pg_catalog.pg_range as range
join pg_catalog.pg_opclass as class on class.oid = range.rngsubopc
join pg_catalog.pg_namespace as class_namespace on class_namespace.oid = class.opcnamespace
join pg_catalog.pg_type as multirange on multirange.oid = range.rngmultitypid
join pg_catalog.pg_namespace as multirange_namespace on multirange_namespace.oid = multirange.typnamespace
left join pg_catalog.pg_collation as collated on collated.oid = range.rngcollation
left join pg_catalog.pg_namespace as collated_namespace on collated_namespace.oid = collated.collnamespace
left join pg_catalog.pg_proc as canonical on canonical.oid = range.rngcanonical
left join pg_catalog.pg_namespace as canonical_namespace on canonical_namespace.oid = canonical.pronamespace
left join pg_catalog.pg_proc as difference on difference.oid = range.rngsubdiff
left join pg_catalog.pg_namespace as difference_namespace on difference_namespace.oid = difference.pronamespace
where range.rngtypid = any ($1::pg_catalog.oid[])
