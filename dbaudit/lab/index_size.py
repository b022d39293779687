"""How many pages an index will have, from what is known of its columns. Pure.

Source of the B-tree's sizes: nbtsort.c and nbtdedup.c, PostgreSQL 14 to 18: leaf pages are filled to 90 %, and equal keys
become posting lists of at most 812 bytes, with six bytes for each row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dbaudit.lab.btree_pages import PAGE_BYTES

_TUPLE_HEADER_BYTES = 8
_LINE_POINTER_BYTES = 4
_ROW_POINTER_BYTES = 6
_USABLE_BYTES = PAGE_BYTES - 24 - 16
_LEAF_FILL = 0.9
_OTHER_FILL = 0.75
# _bt_load: maxpostingsize is a tenth of a page, rounded down to alignment, less a line pointer.
_LONGEST_POSTING_BYTES = 812
_ALIGNMENT = 8
_BRIN_RANGE_PAGES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A column of an index, or an expression: the bytes of a value, and pg_stats.n_distinct, or 0 where unknown.

    `alignment_bytes` is what its type asks for; `null_fraction` of the rows have no value.
    """

    width_bytes: float
    distinct_count: float
    alignment_bytes: int = 1
    null_fraction: float = 0.0
    is_key: bool = True


def pages(
    method: str, rows: float, keys: tuple[Key, ...], *, is_unique: bool, deduplicates: bool, table_pages: int
) -> int:
    """The pages of a new index over `rows` rows of a table of `table_pages` pages, the first one included.

    `deduplicates` is what the metapage of the empty B-tree says (btm_allequalimage). Other methods are a rough guess.
    """
    if method == "btree":
        return 1 + _with_levels(_leaf_pages(rows, keys, is_unique=is_unique, deduplicates=deduplicates))
    if method == "brin":
        return 2 + math.ceil(table_pages / _BRIN_RANGE_PAGES * (_tuple_bytes(keys) * 2) / PAGE_BYTES)
    width = sum(key.width_bytes for key in keys)
    entry = {"hash": 16 + _LINE_POINTER_BYTES, "gin": width / 2 + _ROW_POINTER_BYTES}.get(method, _tuple_bytes(keys))
    return 2 + math.ceil(rows * entry / (_USABLE_BYTES * _OTHER_FILL))


def entry_width(keys: tuple[Key, ...]) -> float:
    """The bytes of the key in an entry above the leaves."""
    return sum(key.width_bytes for key in keys if key.is_key)


def _leaf_pages(rows: float, keys: tuple[Key, ...], *, is_unique: bool, deduplicates: bool) -> int:
    tuple_bytes = _tuple_bytes(keys)
    groups = rows if is_unique or not deduplicates else min(rows, _distinct(rows, keys))
    if groups <= 0:
        return 1
    per_group = rows / groups
    if per_group < 2:
        total = rows * tuple_bytes
    else:
        most = max((_LONGEST_POSTING_BYTES - tuple_bytes) // _ROW_POINTER_BYTES, 1)
        postings = groups * math.ceil(per_group / most)
        total = postings * tuple_bytes + rows * _ROW_POINTER_BYTES
    return max(math.ceil(total / (_USABLE_BYTES * _LEAF_FILL)), 1)


def _with_levels(leaves: int) -> int:
    """Leaves and the pages above them: some 285 to a page, of which the first level is all that counts."""
    return leaves + math.ceil(leaves / 285) if leaves > 1 else leaves


def _tuple_bytes(keys: tuple[Key, ...]) -> int:
    """Header, values at their alignments, padding, and a line pointer."""
    place = float(_TUPLE_HEADER_BYTES)
    for key in keys:
        place = math.ceil(place / key.alignment_bytes) * key.alignment_bytes
        place += key.width_bytes * (1 - key.null_fraction)
    return math.ceil(place / _ALIGNMENT) * _ALIGNMENT + _LINE_POINTER_BYTES


def _distinct(rows: float, keys: tuple[Key, ...]) -> float:
    """Combinations of values, as if the columns had nothing to do with each other; all NULLs are one value more."""
    found = 1.0
    for key in keys:
        if not key.is_key:
            continue
        if not key.distinct_count:
            return rows
        count = key.distinct_count if key.distinct_count > 0 else -key.distinct_count * rows
        found *= max(count, 1.0) + bool(key.null_fraction)
        if found >= rows:
            return rows
    return found
