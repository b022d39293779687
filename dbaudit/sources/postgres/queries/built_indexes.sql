-- What this transaction has built itself: of a partitioned index the partitions' ones too, which cannot be dropped alone.
select pg_catalog.format('%I.%I', space.nspname, class.relname) as name,
       pg_catalog.format('%I.%I', table_space.nspname, heap.relname) as table_name,
       heap.oid as table_oid,
       class.relname::pg_catalog.text as short_name,
       class.relispartition as is_partition,
       pg_catalog.pg_relation_size(class.oid) as size_bytes,
       index.indisvalid and not index.indcheckxmin as is_usable
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
  join pg_catalog.pg_index as index on index.indexrelid = class.oid
  join pg_catalog.pg_class as heap on heap.oid = index.indrelid
  join pg_catalog.pg_namespace as table_space on table_space.oid = heap.relnamespace
 where class.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid
