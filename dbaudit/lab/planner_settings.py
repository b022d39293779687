"""The settings that plans depend on, carried from a snapshot into a twin."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import Omission, PlannerSetting

# What a superuser sets here comes from a file that anybody may have written: nothing that loads a library, names a
# command or a file. Source: the manual's chapters "Query Planning", "Resource Consumption", "Client Connection Defaults".
CARRIED = frozenset("""
    enable_async_append enable_bitmapscan enable_distinct_reordering enable_eager_aggregate enable_gathermerge
    enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort enable_indexonlyscan
    enable_indexscan enable_material enable_memoize enable_mergejoin enable_nestloop enable_parallel_append
    enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join
    enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort enable_tidscan
    seq_page_cost random_page_cost cpu_tuple_cost cpu_index_tuple_cost cpu_operator_cost parallel_setup_cost
    parallel_tuple_cost min_parallel_table_scan_size min_parallel_index_scan_size effective_cache_size
    jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost jit_expressions jit_tuple_deforming
    geqo geqo_threshold geqo_effort geqo_pool_size geqo_generations geqo_selection_bias geqo_seed
    constraint_exclusion cursor_tuple_fraction from_collapse_limit join_collapse_limit plan_cache_mode
    recursive_worktable_factor work_mem hash_mem_multiplier effective_io_concurrency max_parallel_workers
    max_parallel_workers_per_gather parallel_leader_participation
    search_path datestyle intervalstyle timezone default_text_search_config row_security array_nulls
    transform_null_equals default_transaction_isolation
""".split())


def apply(admin: psycopg.Connection, database: str, settings: Iterable[PlannerSetting]) -> list[Omission]:
    """Makes the server's settings, overridden by those of its database, the defaults of the twin's `database`.

    Settings of a role are not applied: `of_role` gives them. Returns what the twin's server refuses.
    """
    omissions = []
    for setting in sorted((one for one in settings if not one.role), key=lambda one: bool(one.database)):
        if setting.name.lower() not in CARRIED:
            continue
        try:
            # set_config reads a list as the source printed it, which SET … TO 'text' would take for one name.
            with admin.transaction():
                admin.execute(
                    "select pg_catalog.set_config($1, $2, true)", [setting.name, setting.value], binary=True
                )
                alter = sql.SQL("alter database {} set {} from current")
                admin.execute(
                    alter.format(sql.Identifier(database), sql.Identifier(setting.name.lower())), binary=True
                )
        except psycopg.DatabaseError as error:
            if admin.closed:
                raise
            reason = " ".join(str(error).split())
            omissions.append(Omission(kind="setting", name=setting.name, reason=reason))
    return omissions


def of_role(settings: Iterable[PlannerSetting], role: str) -> dict[str, str]:
    """The settings that a session of `role` has beyond its database's, the most specific ones last to win."""
    own = sorted((one for one in settings if role and one.role == role), key=lambda one: bool(one.database))
    return {one.name.lower(): one.value for one in own if one.name.lower() in CARRIED}
