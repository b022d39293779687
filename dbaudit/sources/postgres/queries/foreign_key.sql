with extension_member as materialized (
    select member.objid
    from pg_catalog.pg_depend as member
    where member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and member.deptype = 'e'
),
statistic as materialized (
    select known.schemaname, known.tablename, known.attname, known.inherited, known.null_frac
    from pg_catalog.pg_stats as known
),
pair as materialized (
    select foreign_key.oid,
           pg_catalog.array_agg(referencing.attname::pg_catalog.text order by key.position) as columns,
           pg_catalog.array_agg(pg_catalog.quote_ident(referencing.attname) order by key.position) as quoted_columns,
           pg_catalog.array_agg(referencing.attcollation order by key.position) as collations,
           pg_catalog.array_agg(statistic.null_frac::pg_catalog.float8 order by key.position) as null_fractions,
           pg_catalog.array_agg(referenced.attname::pg_catalog.text order by key.position) as referenced_columns,
           pg_catalog.array_agg(coalesce(nullif(operator.oprcom, 0), operator.oid) order by key.position)
               as equality_operators
    from pg_catalog.pg_constraint as foreign_key
    join pg_catalog.pg_class as heap on heap.oid = foreign_key.conrelid
    join pg_catalog.pg_namespace as namespace on namespace.oid = heap.relnamespace
    cross join lateral rows from (
        pg_catalog.unnest(foreign_key.conkey),
        pg_catalog.unnest(foreign_key.confkey),
        pg_catalog.unnest(foreign_key.conpfeqop)
    ) with ordinality as key (attnum, referenced_attnum, operator, position)
    join pg_catalog.pg_attribute as referencing
        on referencing.attrelid = foreign_key.conrelid and referencing.attnum = key.attnum
    join pg_catalog.pg_attribute as referenced
        on referenced.attrelid = foreign_key.confrelid and referenced.attnum = key.referenced_attnum
    left join pg_catalog.pg_operator as operator on operator.oid = key.operator
    left join statistic
        on statistic.schemaname = namespace.nspname
       and statistic.tablename = heap.relname
       and statistic.attname = referencing.attname
       and statistic.inherited = (heap.relkind = 'p')
    where foreign_key.contype = 'f'
      and foreign_key.conparentid = 0
      and heap.relpersistence <> 't'
      and namespace.nspname !~ '^pg_'
      and namespace.nspname <> 'information_schema'
      and foreign_key.conrelid not in (select extension_member.objid from extension_member)
    group by foreign_key.oid
),
other as materialized (
    select relation.relnamespace, pg_catalog.array_agg(relation.relname::pg_catalog.text) as names
    from pg_catalog.pg_class as relation
    where relation.relname ~ '_idx[0-9]*$'
      and (relation.relkind not in ('r', 'p', 'i', 'I')
           or relation.oid in (select extension_member.objid from extension_member))
    group by relation.relnamespace
)
select pg_catalog.quote_ident(foreign_key.conname) as name,
       foreign_key.conrelid as table_oid,
       pg_catalog.format('%I.%I', namespace.nspname, heap.relname) as table,
       pair.columns,
       foreign_key.conkey as attributes,
       pair.collations,
       pair.null_fractions,
       foreign_key.confrelid as referenced_oid,
       pg_catalog.format('%I.%I', referenced_namespace.nspname, referenced.relname) as referenced,
       pair.referenced_columns,
       case foreign_key.confdeltype when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade'
            when 'n' then 'set null' else 'set default' end as on_delete,
       case foreign_key.confupdtype when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade'
            when 'n' then 'set null' else 'set default' end as on_update,
       foreign_key.convalidated as is_validated,
       pair.quoted_columns,
       pair.equality_operators,
       true as is_enforced,
       false as is_temporal,
       coalesce(other.names, '{}') as other_relations
from pair
join pg_catalog.pg_constraint as foreign_key on foreign_key.oid = pair.oid
join pg_catalog.pg_class as heap on heap.oid = foreign_key.conrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = heap.relnamespace
join pg_catalog.pg_class as referenced on referenced.oid = foreign_key.confrelid
join pg_catalog.pg_namespace as referenced_namespace on referenced_namespace.oid = referenced.relnamespace
left join other on other.relnamespace = heap.relnamespace
