select given.name,
       columns.names,
       columns.types,
       columns.not_null,
       array(
           select pg_catalog.to_json(array(
               select attribute.attname::pg_catalog.text
               from pg_catalog.unnest(index.indkey::pg_catalog.int2[]) with ordinality as key (number, place)
               join pg_catalog.pg_attribute as attribute
                   on attribute.attrelid = index.indrelid and attribute.attnum = key.number
               where key.place <= index.indnkeyatts
               order by key.place
           ))
           from pg_catalog.pg_index as index
           where index.indrelid = relation.oid
             and index.indisunique and index.indimmediate and index.indisvalid and index.indisready and index.indislive
             and index.indpred is null
             and index.indexprs is null
           order by index.indisprimary desc, index.indnkeyatts, index.indexrelid
       ) as keys
from pg_catalog.unnest($1::pg_catalog.text[]) as given (name)
join pg_catalog.pg_class as relation on relation.oid = pg_catalog.to_regclass(given.name)
cross join lateral (
    select pg_catalog.array_agg(attribute.attname::pg_catalog.text order by attribute.attnum),
           pg_catalog.array_agg(pg_catalog.format_type(base.oid, null) order by attribute.attnum),
           pg_catalog.array_agg(
               attribute.attnotnull and not exists (
                   select from pg_catalog.pg_constraint as rule
                   where rule.conrelid = relation.oid
                     and rule.contype = 'n'
                     and rule.conkey = array[attribute.attnum]
                     and not rule.convalidated
               )
               order by attribute.attnum
           )
    from pg_catalog.pg_attribute as attribute
    cross join lateral (
        with recursive below (oid, basetype) as (
            select type.oid, type.typbasetype
            from pg_catalog.pg_type as type
            where type.oid = attribute.atttypid
            union all
            select lower.oid, lower.typbasetype
            from below
            join pg_catalog.pg_type as lower on lower.oid = below.basetype
        )
        select below.oid from below where below.basetype = 0
    ) as base
    where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
) as columns (names, types, not_null)
where relation.relkind = 'p' or relation.relkind in ('r', 'm') and not relation.relhassubclass
