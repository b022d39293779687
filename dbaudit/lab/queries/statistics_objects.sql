select pg_catalog.format('%I.%I', n.nspname, s.stxname),
       s.oid::pg_catalog.int8,
       (select pg_catalog.array_agg(k order by k) from pg_catalog.unnest(s.stxkeys::pg_catalog.int2[]) as k)
from pg_catalog.pg_statistic_ext as s
join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
