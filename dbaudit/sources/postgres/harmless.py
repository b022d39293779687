"""Functions whose declared volatility says too much or too little.

Source: pg_proc of PostgreSQL 14 to 18, and the manual.
"""

from __future__ import annotations

# Volatile functions of pg_catalog that read and change nothing, neither in the database nor in the session.
HARMLESS = frozenset(
    """
    array_sample array_shuffle bernoulli clock_timestamp current_query currval gen_random_uuid lastval random
    random_normal system timeofday timezone uuidv4 uuidv7
    pg_blocking_pids pg_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery
    pg_control_system pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_database_collation_actual_version pg_database_size pg_get_sequence_data pg_get_wait_events
    pg_get_wal_replay_pause_state pg_hba_file_rules pg_ident_file_mappings pg_indexes_size pg_is_in_backup
    pg_is_in_recovery pg_is_wal_replay_paused pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
    pg_prepared_xact pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_show_all_file_settings
    pg_show_replication_origin_status pg_stat_get_backend_io pg_stat_get_backend_wal pg_stat_get_io
    pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit
    pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated
    pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_table_size
    pg_tablespace_size pg_total_relation_size pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status
    txid_status
    """.split()
)

# The same of contrib's extensions, by extension.
HARMLESS_IN = {
    "pg_stat_statements": frozenset({"pg_stat_statements", "pg_stat_statements_info"}),
    "pgcrypto": frozenset({"gen_random_bytes", "gen_random_uuid", "gen_salt"}),
    "uuid-ossp": frozenset({"uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"}),
}

# Declared stable, and they write: a transaction id is taken for good.
TAKES_TRANSACTION_ID = frozenset({"pg_current_xact_id", "txid_current"})

# Declared stable, and they run whatever SQL a view or their argument holds. The last are contrib's.
RUNS_OTHER_SQL = frozenset(
    """
    database_to_xml database_to_xml_and_xmlschema schema_to_xml schema_to_xml_and_xmlschema table_to_xml
    table_to_xml_and_xmlschema
    connectby crosstab crosstab2 crosstab3 crosstab4 crosstab_hash xpath_table
    """.split()
)

# They turn a value into a type that no plan shows, and so run the checks of its domains.
CONVERTS_TO_ANY_TYPE = frozenset(
    """
    json_populate_record json_populate_recordset json_to_record json_to_recordset jsonb_populate_record
    jsonb_populate_record_valid jsonb_populate_recordset jsonb_to_record jsonb_to_recordset pg_input_error_info
    pg_input_is_valid xmltable json_table json_value json_query
    """.split()
)
