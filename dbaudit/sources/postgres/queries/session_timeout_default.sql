select setting.name, setting.reset_val as written
from pg_catalog.pg_settings as setting
where setting.name in ('idle_in_transaction_session_timeout', 'statement_timeout', 'transaction_timeout')
order by 1
