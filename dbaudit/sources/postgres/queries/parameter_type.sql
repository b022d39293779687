select type.oid,
       pg_catalog.format_type(type.oid, null) as name,
       (type.typtype in ('b', 'e') or type.typtype in ('r', 'm') and type.oid < 16384)
           and (type.typelem = 0 or element.typtype in ('b', 'e')) as is_plain
from pg_catalog.pg_type as type
left join pg_catalog.pg_type as element on element.oid = type.typelem
where type.oid = any ($1::pg_catalog.oid[])
