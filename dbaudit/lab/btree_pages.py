"""Empty B-tree indexes of a given height: what the planner reads of an index is its length and the level of its root.

Source of the layouts: PostgreSQL's storage/bufpage.h, storage/itemid.h, access/itup.h and access/nbtree.h, the same in
14 to 18; nbtpage.c for how the planner reads the height (btm_fastlevel).
"""

from __future__ import annotations

import math
import struct

PAGE_BYTES = 8192

_HEADER_BYTES = 24
_SPECIAL = PAGE_BYTES - 16
_LAYOUT_VERSION = 4
_LEAF, _ROOT = 1, 2
_NORMAL_ITEM = 1
_PIVOT_TUPLE = 0x2000
_TUPLE_BYTES = 8
_MAGIC = 0x053162

# CREATE INDEX fills a page above the leaves to 70 % (BTREE_NONLEAF_FILLFACTOR); a line pointer takes four bytes.
_USABLE_BYTES = _SPECIAL - _HEADER_BYTES
_FILL = 0.7
_LINE_POINTER_BYTES = 4
_ALIGNMENT = 8


def height(pages: int, entry_bytes: float) -> int:
    """The level of the root of an index of `pages` pages, the metapage among them, whose entries above the leaves take
    `entry_bytes` on average, as `entry_bytes` has it: 0 where the root is the only leaf.

    Every level above the leaves has one entry for each page of the level below it, as many to a page as CREATE INDEX
    puts there (_bt_buildadd in nbtsort.c).
    """
    fanout = max(int(_USABLE_BYTES * _FILL / entry_bytes), 2)
    # The pages above the leaves are among the pages of the file.
    level, in_level = 0, math.ceil((pages - 1) * (fanout - 1) / fanout)
    while in_level > 1:
        level, in_level = level + 1, math.ceil(in_level / fanout)
    return level


def entry_bytes(key_width_bytes: float) -> int:
    """What an entry above the leaves takes of its page: header, key and padding, and a line pointer."""
    return math.ceil((_TUPLE_BYTES + key_width_bytes) / _ALIGNMENT) * _ALIGNMENT + _LINE_POINTER_BYTES


def with_height(metapage: bytes, level: int) -> bytes:
    """The first pages of an index without entries whose root is at `level`: its own metapage, changed, the root and a
    leaf with nothing in it.

    A descent to either end of the index arrives at the leaf and finds nothing there. The root's one downlink skips the
    levels between: a descent looks at what a page is, not for how deep it is (_bt_search, _bt_get_endpoint), and three
    pages for each index are what a twin of thousands can spare. Raises ValueError where `metapage` is none.
    """
    if len(metapage) != PAGE_BYTES or struct.unpack_from("=I", metapage, _HEADER_BYTES)[0] != _MAGIC:
        raise ValueError("not the metapage of a B-tree index")
    changed = bytearray(metapage)
    struct.pack_into("=IIII", changed, _HEADER_BYTES + 8, 1, level, 1, level)
    if level == 0:
        return bytes(changed) + _leaf(_ROOT)
    return bytes(changed) + _internal(level, _ROOT, downlink=2) + _leaf(0)


def _leaf(flags: int) -> bytes:
    return _page(b"", level=0, flags=flags | _LEAF)


def _internal(level: int, flags: int, downlink: int) -> bytes:
    """A page with one entry, below everything ("minus infinity": a pivot tuple without attributes)."""
    entry = struct.pack("=HHHH", downlink >> 16, downlink & 0xFFFF, 0, _TUPLE_BYTES | _PIVOT_TUPLE)
    return _page(entry, level=level, flags=flags)


def _page(entry: bytes, level: int, flags: int) -> bytes:
    page = bytearray(PAGE_BYTES)
    upper = _SPECIAL - len(entry)
    lower = _HEADER_BYTES + (_LINE_POINTER_BYTES if entry else 0)
    struct.pack_into("=HHHHH", page, 10, 0, lower, upper, _SPECIAL, PAGE_BYTES | _LAYOUT_VERSION)
    if entry:
        struct.pack_into("=I", page, _HEADER_BYTES, upper | _NORMAL_ITEM << 15 | len(entry) << 17)
        page[upper:_SPECIAL] = entry
    struct.pack_into("=IIIHH", page, _SPECIAL, 0, 0, level, flags, 0)
    return bytes(page)
