"""The settings that plans depend on: what the planner reads, and what a statement's text means by."""

from __future__ import annotations

# Source: "Query Planning" and "Resource Consumption" in the manuals of PostgreSQL 14 to 18; costsize.c, planner.c.
NAMES = tuple(
    """
    constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction debug_parallel_query
    effective_cache_size enable_async_append enable_bitmapscan enable_distinct_reordering enable_gathermerge
    enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort enable_indexonlyscan
    enable_indexscan enable_material enable_memoize enable_mergejoin enable_nestloop enable_parallel_append
    enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join
    enable_presorted_aggregate enable_seqscan enable_self_join_elimination enable_sort enable_tidscan
    force_parallel_mode from_collapse_limit geqo geqo_effort geqo_generations geqo_pool_size geqo_seed
    geqo_selection_bias geqo_threshold hash_mem_multiplier jit jit_above_cost jit_inline_above_cost
    jit_optimize_above_cost join_collapse_limit max_parallel_workers max_parallel_workers_per_gather
    min_parallel_index_scan_size min_parallel_table_scan_size parallel_leader_participation parallel_setup_cost
    parallel_tuple_cost plan_cache_mode random_page_cost recursive_worktable_factor seq_page_cost temp_buffers work_mem
    DateStyle IntervalStyle TimeZone default_text_search_config row_security search_path transform_null_equals
    """.split()
)
