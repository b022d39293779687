with recursive tree as (
    select $1::pg_catalog.oid as oid
    union
    select h.inhrelid from pg_catalog.pg_inherits as h join tree on h.inhparent = tree.oid
)
select c.oid::pg_catalog.int8,
       coalesce(pg_catalog.pg_relation_filepath(c.oid), ''),
       c.relpages,
       c.reltuples::pg_catalog.float8,
       c.relallvisible,
       array(select i.indexrelid::pg_catalog.int8 from pg_catalog.pg_index as i where i.indrelid = c.oid)
from tree join pg_catalog.pg_class as c on c.oid = tree.oid
