-- Where hypopg's functions are, if this is its extension and they are the ones in C that may be called.
select pg_catalog.quote_ident(space.nspname) as schema
  from pg_catalog.pg_extension as extension
  join pg_catalog.pg_namespace as space on space.oid = extension.extnamespace
 where extension.extname = 'hypopg'
   and pg_catalog.has_schema_privilege(space.oid, 'usage')
   and 4 = (select pg_catalog.count(distinct proc.proname)
              from pg_catalog.pg_depend as own
              join pg_catalog.pg_proc as proc on proc.oid = own.objid
              join pg_catalog.pg_language as language on language.oid = proc.prolang and language.lanname = 'c'
             where own.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and own.refobjid = extension.oid
               and own.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and own.deptype = 'e'
               and proc.proname in ('hypopg', 'hypopg_create_index', 'hypopg_drop_index', 'hypopg_relation_size')
               and proc.pronamespace = space.oid
               and pg_catalog.has_function_privilege(proc.oid, 'execute'))
