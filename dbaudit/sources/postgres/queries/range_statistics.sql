with wanted as materialized (
    select relation.oid, pg_catalog.format('%I.%I', namespace.nspname, relation.relname) as qualified
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    left join pg_catalog.pg_index as index on index.indexrelid = relation.oid
    where relation.oid = any ($1::pg_catalog.oid[]) or index.indrelid = any ($1)
),
slot (relation, attribute, is_inherited, kind, numbers, texts) as (
    select known.starelid, known.staattnum, known.stainherit, part.kind, part.numbers, part.texts
    from pg_catalog.pg_statistic as known
    cross join lateral (
        values (known.stakind1, known.stanumbers1, known.stavalues1::pg_catalog.text),
               (known.stakind2, known.stanumbers2, known.stavalues2::pg_catalog.text),
               (known.stakind3, known.stanumbers3, known.stavalues3::pg_catalog.text),
               (known.stakind4, known.stanumbers4, known.stavalues4::pg_catalog.text),
               (known.stakind5, known.stanumbers5, known.stavalues5::pg_catalog.text)
    ) as part (kind, numbers, texts)
    where known.starelid = any ($1) or known.starelid in (select wanted.oid from wanted)
)
select wanted.qualified as relation,
       attribute.attname::pg_catalog.text as column,
       slot.is_inherited,
       pg_catalog.max(slot.texts) filter (where slot.kind = 6) as range_length_histogram,
       pg_catalog.max(slot.numbers[1]) filter (where slot.kind = 6) as range_empty_fraction,
       pg_catalog.max(slot.texts) filter (where slot.kind = 7) as range_bounds_histogram
from slot
join wanted on wanted.oid = slot.relation
join pg_catalog.pg_attribute as attribute on attribute.attrelid = slot.relation and attribute.attnum = slot.attribute
where slot.kind in (6, 7)
group by 1, 2, 3
order by 1, 2, 3
