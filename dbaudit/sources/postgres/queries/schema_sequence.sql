select sequence.seqrelid as oid,
       pg_catalog.format_type(sequence.seqtypid, null) as type,
       sequence.seqstart as start,
       sequence.seqincrement as increment,
       sequence.seqmin as minimum,
       sequence.seqmax as maximum,
       sequence.seqcache as cache,
       sequence.seqcycle as is_cyclic,
       pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as name,
       coalesce(owned.refobjid, 0::pg_catalog.oid) as owner_oid,
       coalesce(owned.refobjsubid, 0) as owner_column,
       case when owner.oid is not null
            then pg_catalog.format('%I.%I.%I', owner_namespace.nspname, owner.relname, attribute.attname) end as owner,
       coalesce(owned.deptype = 'i', false) as is_identity
from pg_catalog.pg_sequence as sequence
join pg_catalog.pg_class as relation on relation.oid = sequence.seqrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
left join pg_catalog.pg_depend as owned
    on owned.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and owned.objid = sequence.seqrelid
   and owned.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and owned.deptype in ('a', 'i')
   and owned.refobjsubid > 0
left join pg_catalog.pg_class as owner on owner.oid = owned.refobjid
left join pg_catalog.pg_namespace as owner_namespace on owner_namespace.oid = owner.relnamespace
left join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = owned.refobjid and attribute.attnum = owned.refobjsubid
where sequence.seqrelid = any ($1::pg_catalog.oid[]) or (owned.deptype = 'i' and owned.refobjid = any ($2::pg_catalog.oid[]))
