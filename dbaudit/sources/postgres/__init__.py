"""A PostgreSQL server: the connection, what the catalogs say, and what EXPLAIN says. All of psycopg is in here."""
