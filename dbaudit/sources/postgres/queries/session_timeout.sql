select pg_catalog.split_part(entry.line, '=', 1) as name,
       coalesce(pg_catalog.quote_ident(database.datname), '') as database,
       coalesce(pg_catalog.quote_ident(role.rolname), '') as role,
       pg_catalog.substr(entry.line, pg_catalog.strpos(entry.line, '=') + 1) as written,
       setting.setdatabase <> 0 or setting.setrole <> 0 as is_particular,
       (setting.setdatabase = 0 or database.datname = pg_catalog.current_database())
           and (setting.setrole = 0 or role.rolname = session_user) as is_ours
from pg_catalog.pg_db_role_setting as setting
left join pg_catalog.pg_database as database on database.oid = setting.setdatabase
left join pg_catalog.pg_roles as role on role.oid = setting.setrole
cross join pg_catalog.unnest(setting.setconfig) as entry (line)
where pg_catalog.split_part(entry.line, '=', 1)
      in ('idle_in_transaction_session_timeout', 'statement_timeout', 'transaction_timeout')
order by 1, 2, 3
