select pg_catalog.current_schemas(false)::pg_catalog.text[] as schemas
