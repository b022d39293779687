select r.ev_class as view_oid,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(r.ev_action::pg_catalog.text,
                    ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') as found) as functions,
       array(select distinct found[1]::pg_catalog.int8
             from pg_catalog.regexp_matches(r.ev_action::pg_catalog.text, ':relid (\d+)', 'g') as found) as relations,
       r.ev_action::pg_catalog.text like '%{COERCETODOMAIN%' as has_domains
from pg_catalog.pg_rewrite as r
where r.ev_class = any ($1::pg_catalog.oid[]) and r.ev_type = '1'
