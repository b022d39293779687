select domain.oid,
       pg_catalog.format_type(domain.typbasetype, domain.typtypmod) as type,
       case when domain.typcollation <> base.typcollation
            then pg_catalog.format('%I.%I', namespace.nspname, collated.collname) end as collation,
       domain.typnotnull as is_not_null,
       pg_catalog.pg_get_expr(domain.typdefaultbin, 0) as standard
from pg_catalog.pg_type as domain
join pg_catalog.pg_type as base on base.oid = domain.typbasetype
left join pg_catalog.pg_collation as collated on collated.oid = domain.typcollation
left join pg_catalog.pg_namespace as namespace on namespace.oid = collated.collnamespace
where domain.oid = any ($1::pg_catalog.oid[]) and domain.typtype = 'd'
