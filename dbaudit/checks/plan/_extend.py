"""The index that has what an index scan's filter needs besides what the scan has now."""

from __future__ import annotations

from dbaudit.checks.plan._keys import Key, keys_for
from dbaudit.checks.plan._relations import Relations
from dbaudit.checks.plan._scans import Scan
from dbaudit.facts.catalog import Index
from dbaudit.facts.condition import conditions

_MOST_KEYS = 4
_DESCENDING, _NULLS_FIRST = 1, 2


def index_of(scan: Scan, relations: Relations) -> Index | None:
    """The index that the scan uses; None for a bitmap of several."""
    names = {node.index_name for node in scan.node.walk() if node.index_name}
    matching = [index for index in relations.indexes(scan.table) if index.name in names]
    return matching[0] if len(names) == 1 and matching else None


def keys_needed(scan: Scan, relations: Relations) -> tuple[Key, ...]:
    """The keys that serve the scan's index condition and its filter together; none where the filter adds no key."""
    found = conditions(scan.node.recheck_cond or scan.node.index_cond)
    now = keys_for(found, scan.node, scan.table, relations)
    needed = keys_for((*found, *scan.conditions), scan.node, scan.table, relations)
    return needed if {key.sql for key in needed} - {key.sql for key in now} else ()


def extended(scan: Scan, used: Index | None, relations: Relations) -> tuple[tuple[str, str], ...]:
    """The keys of the index that would do, each as SQL and as a word of its name: equality, then the present order.

    Empty where the filter has no condition that a key would serve, or an index with these keys is the one in use.
    """
    needed = keys_needed(scan, relations)
    equal = [(key.sql, key.word) for key in needed if key.rank < 2]
    ranges = [(key.sql, key.word) for key in needed if key.rank >= 2]
    names = {key.column.name for key in needed if key.rank < 2}
    is_ordered = used is not None and scan.node.node_type != "Bitmap Heap Scan"
    ordered = _remaining(scan, used, names, relations) if is_ordered else []
    if not equal and ordered:
        return ()
    return tuple((equal + (ordered or ranges))[:_MOST_KEYS]) if needed else ()


def _remaining(scan: Scan, used: Index, names: set[str], relations: Relations) -> list[tuple[str, str]]:
    """The columns of the index in use that equality does not fix, in its order and directions."""
    kept = []
    for name, option in zip(used.key_columns, used.options):
        column = relations.column(scan.table, name)
        if name in names or used.method != "btree":
            continue
        if column is None:
            return []
        kept.append((column.quoted + _direction(option), name))
    return kept


def _direction(option: int) -> str:
    words = {0: "", _DESCENDING: " DESC NULLS LAST", _NULLS_FIRST: " NULLS FIRST", _DESCENDING | _NULLS_FIRST: " DESC"}
    return words.get(option, "")
