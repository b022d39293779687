select c.oid as relation_oid,
       c.relname::pg_catalog.text as name,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(p.polqual::pg_catalog.text,
                    ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') as found) as functions,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(p.polqual::pg_catalog.text, ':relid (\d+)', 'g') as found) as relations,
       p.polqual::pg_catalog.text like '%{COERCETODOMAIN%' as has_domains
from pg_catalog.pg_policy as p
join pg_catalog.pg_class as c on c.oid = p.polrelid
where p.polcmd in ('*', 'r') and p.polqual is not null and pg_catalog.row_security_active(c.oid)
