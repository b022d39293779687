with relation as (
    select relation.oid, relation.oid as listed_as
    from pg_catalog.pg_class as relation
    where relation.oid = any ($1::pg_catalog.oid[])
    union all
    select type.typrelid, type.oid from pg_catalog.pg_type as type where type.oid = any ($2::pg_catalog.oid[])
)
select relation.listed_as as relation_oid,
       relation.oid <> relation.listed_as as is_of_type,
       attribute.attnum as number,
       pg_catalog.quote_ident(attribute.attname) as name,
       pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as type,
       case when attribute.attcollation <> type.typcollation
            then pg_catalog.format('%I.%I', namespace.nspname, collated.collname) end as collation,
       attribute.attnotnull and not exists (
           select from pg_catalog.pg_constraint as ruled
           where ruled.conrelid = attribute.attrelid and ruled.contype = 'n' and not ruled.convalidated
             and ruled.conkey = array[attribute.attnum]
       ) as is_not_null,
       attribute.attgenerated::pg_catalog.text as generated,
       attribute.attidentity::pg_catalog.text as identity,
       standard.oid as default_oid,
       pg_catalog.pg_get_expr(standard.adbin, standard.adrelid) as expression,
       nullif(attribute.attstattarget, -1) as statistics_target,
       attribute.attoptions as options
from relation
join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
join pg_catalog.pg_type as type on type.oid = attribute.atttypid
left join pg_catalog.pg_collation as collated on collated.oid = attribute.attcollation
left join pg_catalog.pg_namespace as namespace on namespace.oid = collated.collnamespace
left join pg_catalog.pg_attrdef as standard
    on standard.adrelid = attribute.attrelid and standard.adnum = attribute.attnum
order by 1, 3
