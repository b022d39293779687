select setting.name,
       pg_catalog.current_setting(setting.name) as value,
       '' as database,
       '' as role
from pg_catalog.pg_settings as setting
where setting.name = any ($1::pg_catalog.text[])
union all
select setting.name,
       pg_catalog.substr(setting.text, pg_catalog.length(setting.name) + 2),
       case when own.setdatabase = 0 then '' else pg_catalog.quote_ident(pg_catalog.current_database()) end,
       case when own.setrole = 0 then '' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(own.setrole)) end
from pg_catalog.pg_db_role_setting as own
cross join lateral (
    select pg_catalog.split_part(part.text, '=', 1), part.text
    from pg_catalog.unnest(own.setconfig) as part (text)
) as setting (name, text)
where (own.setdatabase = 0
       or own.setdatabase = (select database.oid from pg_catalog.pg_database as database
                             where database.datname = pg_catalog.current_database()))
  and setting.name = any ($1)
order by 1, 3, 4
