select link.inhrelid as oid,
       link.inhparent as parent_oid,
       link.inhseqno as position,
       child.relkind in ('i', 'I') as is_index,
       child.relispartition as is_partition,
       pg_catalog.format('%I.%I', namespace.nspname, child.relname) as name,
       pg_catalog.format('%I.%I', parent_namespace.nspname, parent.relname) as parent,
       coalesce(index.indrelid, parent.oid) as parent_relation_oid
from pg_catalog.pg_inherits as link
join pg_catalog.pg_class as child on child.oid = link.inhrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = child.relnamespace
join pg_catalog.pg_class as parent on parent.oid = link.inhparent
join pg_catalog.pg_namespace as parent_namespace on parent_namespace.oid = parent.relnamespace
left join pg_catalog.pg_index as index on index.indexrelid = link.inhparent
where not link.inhdetachpending
