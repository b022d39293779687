"""What becomes of an index's scans, once the indexes that others make superfluous are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaudit.checks.index._twins import duplicates, prefixes
from dbaudit.facts.catalog import Index


def without_wards(indexes: Sequence[Index]) -> Mapping[int, int]:
    """The scans of each index that stays, by oid, with the scans of those that may go in its favor."""
    wards = (*duplicates(indexes), *prefixes(indexes))
    scans = {index.oid: index.scans for index in indexes}
    for ward in wards:
        scans[ward.kept.oid] += scans[ward.index.oid]
    gone = {ward.index.oid for ward in wards}
    return {oid: count for oid, count in scans.items() if oid not in gone}
