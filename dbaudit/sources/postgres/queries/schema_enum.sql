select type.oid,
       array(
           select pg_catalog.quote_literal(label.enumlabel)
           from pg_catalog.pg_enum as label
           where label.enumtypid = type.oid
           order by label.enumsortorder
       ) as labels
from pg_catalog.pg_type as type
where type.oid = any ($1::pg_catalog.oid[]) and type.typtype = 'e'
