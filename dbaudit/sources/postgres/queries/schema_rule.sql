select rule.oid, pg_catalog.pg_get_ruledef(rule.oid) as definition
from pg_catalog.pg_rewrite as rule
where rule.oid = any ($1::pg_catalog.oid[])
