"""Indexes that nothing but queries would miss, and how much queries use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbaudit.checks._words import listed
from dbaudit.checks.index._serving import Serving
from dbaudit.checks.index._wards import without_wards
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, Standby, Table
from dbaudit.facts.server import Server
from dbaudit.finding import Unknown
from dbaudit.units import age, count, size

_WAL_RECEIVERS = ("pg_receivewal", "pg_basebackup", "barman_receive_wal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An index that might be dropped if it is not used, with the scans of the indexes that go in its favor.

    `table_scans` and `writes` (rows) are those of its table, and 0 for a materialized view, whose counters are not
    among the facts. `last_scan_age_s` is None where nothing is known of the last scan.
    """

    index: Index
    scans: int
    last_scan_age_s: float | None
    table_scans: int
    writes: int
    was_table_used: bool


def suspects(facts: Facts, minimum_size_bytes: int) -> tuple[Suspect, ...]:
    """Every index of this size and more that nothing depends on, by name."""
    free = [index for index in facts[Index] if index.size_bytes >= minimum_size_bytes and _is_free(index)]
    if not free:
        return ()
    tables = {table.oid: table for table in facts[Table]}
    scans = without_wards(facts[Index])
    serving = Serving(facts)
    keepers = {index.oid for key in facts[ForeignKey] for index in _serving_everywhere(key, tables, serving)}
    return tuple(
        _suspect(index, tables.get(index.table_oid), scans[index.oid], serving)
        for index in sorted(free, key=lambda index: index.qualified)
        if index.oid in scans and index.oid not in keepers
    )


def describe(suspect: Suspect, server: Server) -> str:
    """What an unused index costs, and how long nobody has used it."""
    since = "since the statistics began"
    if server.statistics_age_s is not None:
        since = f"in the {age(server.statistics_age_s * 1000)} that the statistics go back, or since it was made"
    used = f"scanned {count(suspect.scans, 'time')} {since}" if suspect.scans else f"never scanned {since}"
    if suspect.last_scan_age_s is not None and suspect.scans:
        used += f", the last time {age(suspect.last_scan_age_s * 1000)} ago"
    cost = f"{size(suspect.index.size_bytes)}, and {count(suspect.writes, 'row')} were written to its table"
    return f"{used}; it takes {cost}"


def why_unknown(server: Server, standbys: Sequence[Standby], minimum_age_days: float) -> Unknown | None:
    """Why the statistics cannot tell that an index is not used, or None where they can."""
    if server.in_recovery:
        return Unknown(reason="this is a standby: the primary may use what it does not", remedy="ask the primary")
    readers = [standby for standby in standbys if _may_be_queried(standby)]
    if readers:
        names = listed(sorted({reader.application_name or reader.slot or "unnamed" for reader in readers}))
        return Unknown(
            reason=f"{count(len(readers), 'standby', 'standbys')} ({names}) may use what the primary does not",
            remedy="look at pg_stat_user_indexes.idx_scan there too",
        )
    age_s = server.statistics_age_s
    if minimum_age_days and (age_s is None or age_s < minimum_age_days * 86400):
        known = "of unknown age" if age_s is None else f"known to go back {age(age_s * 1000)} only"
        return Unknown(reason=f"the statistics are {known}; {minimum_age_days:g} days are needed", remedy="ask again later")
    return None


def _may_be_queried(standby: Standby) -> bool:
    return standby.state != "backup" and standby.application_name not in _WAL_RECEIVERS


def _is_free(index: Index) -> bool:
    bound = index.is_unique or index.is_exclusion or index.constraint or index.is_replica_identity or index.parent_oid
    return not bound and index.is_valid and not index.is_being_built


def _serving_everywhere(key: ForeignKey, tables: dict[int, Table], serving: Serving) -> list[Index]:
    """The indexes that serve a foreign key on its table and on every partition of it."""
    found = list(serving.serving(key))
    table = tables.get(key.table_oid)
    below = [table] if table else []
    while below:
        partitions = serving.partitions_of(below.pop().oid)
        found += [index for partition in partitions for index in serving.serving(key, partition.oid)]
        below += partitions
    return found


def _suspect(index: Index, table: Table | None, scans: int, serving: Serving) -> Suspect:
    siblings = sum(sibling.scans for sibling in serving.indexes_of(index.table_oid))
    writes = table.rows_inserted + table.rows_updated + table.rows_deleted if table else 0
    table_scans = table.seq_scans + table.index_scans if table else siblings
    return Suspect(
        index=index,
        scans=scans,
        last_scan_age_s=index.last_scan_age_s if scans == index.scans else None,
        table_scans=table_scans,
        writes=writes,
        was_table_used=bool(writes or table_scans),
    )
