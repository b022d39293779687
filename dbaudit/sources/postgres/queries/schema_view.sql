select relation.oid, relation.reloptions as options, pg_catalog.pg_get_viewdef(relation.oid) as definition
from pg_catalog.pg_class as relation
where relation.oid = any ($1::pg_catalog.oid[])
