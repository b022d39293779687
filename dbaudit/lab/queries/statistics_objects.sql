select pg_catalog.format('%I.%I', n.nspname, s.stxname),
       s.oid::pg_catalog.int8,
       s.stxrelid::pg_catalog.regclass::pg_catalog.text,
       (select pg_catalog.array_agg(k order by k) from pg_catalog.unnest(s.stxkeys::pg_catalog.int2[]) as k),
       (select pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) order by a.attnum)
        from pg_catalog.pg_attribute as a
        where a.attrelid = s.stxrelid and a.attnum = any (s.stxkeys::pg_catalog.int2[])),
       pg_catalog.pg_get_statisticsobjdef_expressions(s.oid),
       t.relkind = 'p'
from pg_catalog.pg_statistic_ext as s
join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
join pg_catalog.pg_class as t on t.oid = s.stxrelid
