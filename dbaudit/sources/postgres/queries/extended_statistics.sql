select pg_catalog.format('%I.%I', known.statistics_schemaname, known.statistics_name) as name,
       pg_catalog.format('%I.%I', known.schemaname, known.tablename) as relation,
       relation.relkind = 'p' as is_inherited,
       known.n_distinct::pg_catalog.text as distinct_counts,
       known.dependencies::pg_catalog.text as dependencies,
       known.most_common_vals as most_common_values,
       known.most_common_freqs as most_common_frequencies,
       known.most_common_base_freqs as most_common_base_frequencies
from pg_catalog.pg_stats_ext as known
join pg_catalog.pg_namespace as namespace on namespace.nspname = known.schemaname
join pg_catalog.pg_class as relation on relation.relnamespace = namespace.oid and relation.relname = known.tablename
where relation.oid = any ($1::pg_catalog.oid[])
order by 1, 3
