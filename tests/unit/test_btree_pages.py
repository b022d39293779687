"""Heights of B-trees, and pages as PostgreSQL lays them out: whether it reads them is tested on servers."""

import struct

import pytest

from dbaudit.lab.btree_pages import PAGE_BYTES, entry_bytes, height, with_height


def test_an_entry_has_a_header_padding_and_a_line_pointer():
    assert [entry_bytes(width) for width in (4, 8, 9, 16, 24)] == [20, 20, 28, 28, 36]


@pytest.mark.parametrize(
    ("pages", "key_width", "level"),
    [(2, 8, 0), (3, 8, 1), (286, 8, 1), (288, 8, 2), (27_422, 8, 2), (274_192, 8, 3), (286, 100, 2)],
)
def test_the_height_follows_from_pages_and_width(pages, key_width, level):
    assert height(pages, entry_bytes(key_width)) == level


def test_the_metapage_names_the_root_and_its_level_and_keeps_the_rest():
    metapage = bytearray(PAGE_BYTES)
    struct.pack_into("=II", metapage, 24, 0x053162, 4)
    metapage[24 + 40] = 1
    pages = with_height(bytes(metapage), 3)
    assert len(pages) == 3 * PAGE_BYTES
    assert struct.unpack_from("=IIIIII", pages, 24) == (0x053162, 4, 1, 3, 1, 3)
    assert pages[24 + 40] == 1


def test_what_is_no_metapage_is_refused():
    with pytest.raises(ValueError, match="metapage"):
        with_height(bytes(PAGE_BYTES), 1)
