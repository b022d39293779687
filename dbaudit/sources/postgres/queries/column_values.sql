select given.ordinality::pg_catalog.int4 as number,
       statistics.most_common_vals::pg_catalog.text::pg_catalog.text[] as common_values,
       statistics.histogram_bounds::pg_catalog.text::pg_catalog.text[] as bounds
from rows from (
    pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
    pg_catalog.unnest($3::pg_catalog.text[])
) with ordinality as given (schema, relation, name, ordinality)
join pg_catalog.pg_stats as statistics
    on statistics.schemaname = given.schema::pg_catalog.name
   and statistics.tablename = given.relation::pg_catalog.name
   and statistics.attname = given.name::pg_catalog.name
order by 1, statistics.inherited
