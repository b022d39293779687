"""What a snapshot's source knows, put over what its twin says of the same relations."""

from __future__ import annotations

from dataclasses import replace

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import Snapshot


def of_source(facts: Facts, snapshot: Snapshot) -> Facts:
    """A twin's facts with the sizes, counters and ages of the source, and the source as the server.

    A twin has no activity of its own. Relations that the source has not keep what the twin says of them. Relations are
    joined by their names; the oids are the twin's.
    """
    known: dict[type, tuple] = {Server: snapshot.facts.get(Server)}
    for kind, merged in ((Table, _table), (Index, _index)):
        if not facts.missing(kind):
            there = {row.qualified: row for row in snapshot.facts.get(kind)}
            known[kind] = tuple(merged(row, there.get(row.qualified)) for row in facts[kind])
    return facts.merged(Facts(known))


def _table(row: Table, source: Table | None) -> Table:
    if source is None:
        return row
    return replace(
        source, oid=row.oid, parent_oid=row.parent_oid, is_partitioned=row.is_partitioned,
        partition_columns=row.partition_columns,
    )


def _index(row: Index, source: Index | None) -> Index:
    if source is None or source.table != row.table:
        # It is to be: that it was never scanned says nothing.
        return replace(row, scans=1)
    return replace(row, size_bytes=source.size_bytes, scans=source.scans, last_scan_age_s=source.last_scan_age_s)
