select p.oid,
       p.prosrc as source,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(pg_catalog.concat(p.prosqlbody, p.proargdefaults),
                    ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') as found) as functions,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(p.prosqlbody::pg_catalog.text, ':relid (\d+)', 'g') as found) as relations
from pg_catalog.pg_proc as p
where p.oid = any ($1::pg_catalog.oid[])
