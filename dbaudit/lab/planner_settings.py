"""The settings that plans depend on, carried from a snapshot into a twin."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import Omission, PlannerSetting
from dbaudit.lab.stubs import unquoted

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


def apply(
    admin: psycopg.Connection, database: str, settings: Iterable[PlannerSetting]
) -> tuple[list[PlannerSetting], list[Omission]]:
    """Makes the server's settings, overridden by those of its database, the defaults of the twin's `database`.

    Settings of a role are not applied: `of_role` gives them. Returns what the twin's server takes, and what it refuses.
    """
    taken, omissions = [], []
    for setting in sorted(settings, key=lambda one: (bool(one.role), bool(one.database))):
        if setting.name.lower() not in CARRIED:
            continue
        if reason := _apply(admin, database, setting):
            of = f" of {setting.role}" if setting.role else ""
            omissions.append(Omission(kind="setting", name=f"{setting.name}{of}", reason=reason))
        else:
            taken.append(setting)
    return taken, omissions


def of_role(settings: Iterable[PlannerSetting], role: str) -> dict[str, str]:
    """The settings that a session of `role` has beyond its database's, the most specific ones last to win."""
    own = (one for one in settings if role and unquoted(one.role) == unquoted(role))
    return {one.name.lower(): one.value for one in sorted(own, key=lambda one: bool(one.database))}


def search_path(settings: Iterable[PlannerSetting]) -> str:
    """Where the source's sessions look for names, as SHOW prints it; empty where the snapshot does not say."""
    own = [one for one in settings if one.name == "search_path" and not one.role]
    return max(own, key=lambda one: bool(one.database)).value if own else ""


def _apply(admin: psycopg.Connection, database: str, setting: PlannerSetting) -> str:
    """Why the server refuses the setting, or nothing."""
    name = setting.name.lower()
    alter = sql.SQL("alter database {} set {} from current").format(sql.Identifier(database), sql.Identifier(name))
    try:
        with admin.transaction():
            # set_config reads a list as the source printed it, which SET … TO 'text' would take for one name.
            admin.execute("select pg_catalog.set_config($1, $2, true)", [name, setting.value], binary=True)
            if not setting.role:
                admin.execute(alter, binary=True)
    except (psycopg.DatabaseError, UnicodeEncodeError) as error:
        if admin.closed:
            raise
        return " ".join(str(error).split())
    return ""
