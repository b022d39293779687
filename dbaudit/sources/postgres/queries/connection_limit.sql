select 'database' as kind,
       pg_catalog.quote_ident(database.datname) as name,
       database.datconnlimit as limit
from pg_catalog.pg_database as database
where database.datallowconn and database.datconnlimit >= 0
union all
select 'role', pg_catalog.quote_ident(role.rolname), role.rolconnlimit
from pg_catalog.pg_roles as role
where role.rolcanlogin and not role.rolsuper and role.rolconnlimit >= 0
order by 1, 2
