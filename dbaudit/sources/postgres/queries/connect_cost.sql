select class.relname from pg_catalog.pg_class as class where class.oid = 1259
