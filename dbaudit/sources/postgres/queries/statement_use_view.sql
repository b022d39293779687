select pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as view
from pg_catalog.pg_extension as extension
join pg_catalog.pg_depend as member
    on member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and member.refobjid = extension.oid
   and member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and member.deptype = 'e'
join pg_catalog.pg_class as relation on relation.oid = member.objid and relation.relkind = 'v'
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where extension.extname = 'pg_stat_statements' and relation.relname = 'pg_stat_statements'
