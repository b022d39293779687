with wanted as materialized (
    select namespace.nspname, relation.relname,
           pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as qualified
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
    where relation.oid = any ($1::pg_catalog.oid[]) or index.indrelid = any ($1)
)
select wanted.qualified as relation,
       known.attname::pg_catalog.text as column,
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
       known.elem_count_histogram as element_count_histogram,
       known.range_length_histogram::pg_catalog.text as range_length_histogram,
       known.range_empty_frac as range_empty_fraction,
       known.range_bounds_histogram::pg_catalog.text as range_bounds_histogram
from pg_catalog.pg_stats as known
join wanted on wanted.nspname = known.schemaname and wanted.relname = known.tablename
order by 1, 2, 3
