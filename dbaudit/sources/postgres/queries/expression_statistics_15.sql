select pg_catalog.format('%I.%I', known.statistics_schemaname, known.statistics_name) as statistics,
       pg_catalog.format('%I.%I', known.schemaname, known.tablename) as relation,
       known.expr as column,
       known.inherited as is_inherited,
       known.null_frac as null_fraction,
       known.avg_width as average_width_bytes,
       known.n_distinct as distinct_count,
       known.most_common_vals::pg_catalog.text as most_common_values,
       known.most_common_freqs as most_common_frequencies,
       known.histogram_bounds::pg_catalog.text as histogram_bounds,
       known.correlation,
       known.most_common_elems::pg_catalog.text as most_common_elements,
       known.most_common_elem_freqs as most_common_element_frequencies,
       known.elem_count_histogram as element_count_histogram
from pg_catalog.pg_stats_ext_exprs as known
join pg_catalog.pg_namespace as namespace on namespace.nspname = known.schemaname
join pg_catalog.pg_class as relation on relation.relnamespace = namespace.oid and relation.relname = known.tablename
where relation.oid = any ($1::pg_catalog.oid[]) and known.null_frac is not null
order by 1, 4, 3
