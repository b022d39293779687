select collated.oid,
       collated.collprovider::pg_catalog.text as provider,
       collated.collisdeterministic as is_deterministic,
       pg_catalog.quote_literal(collated.collcollate) as collate,
       pg_catalog.quote_literal(collated.collctype) as ctype,
       pg_catalog.quote_literal(coalesce(
           pg_catalog.to_jsonb(collated) ->> 'colllocale', pg_catalog.to_jsonb(collated) ->> 'colliculocale'
       )) as locale,
       pg_catalog.quote_literal(pg_catalog.to_jsonb(collated) ->> 'collicurules') as rules
from pg_catalog.pg_collation as collated
where collated.oid = any ($1::pg_catalog.oid[])
