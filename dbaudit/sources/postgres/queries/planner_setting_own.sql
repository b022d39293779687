select setting.name
from pg_catalog.pg_settings as setting
where setting.name = any ($1::pg_catalog.text[])
  and setting.source in ('user', 'database user', 'client', 'session')
order by 1
