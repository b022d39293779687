"""Packs the most common combinations of values that a statistics object knows, as the server keeps them.

No server up to 18 takes them as text, and how values lie in a pg_mcv_list is a matter of their types. So the server packs
them itself: a table of the lab's own, with nothing in it but the combinations, is analyzed, and in what comes of that the
frequencies are overwritten. Source of the layout: statistics/mcv.c (statext_mcv_serialize), the same in 14 to 18.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import ExtendedStatistics

# What CREATE STATISTICS keeps at most, and so the most that the lab's own statistics object is told to keep.
_MOST = 10_000
_TYPES = """
select attrelid::pg_catalog.int8, pg_catalog.array_agg(pg_catalog.format_type(atttypid, null) order by attnum)
from pg_catalog.pg_attribute
where attrelid = 'pg_temp.combination'::pg_catalog.regclass and attnum between 1 and $1::pg_catalog.int4
group by 1
"""
_INSERT = """
insert into pg_temp.combination
select {}, one.number
from (
    select text::pg_catalog.text[], number
    from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality as given (text, number)
) as one (parts, number)
"""
_PRINTED = "select pg_catalog.to_json(array[{}])::pg_catalog.text from pg_temp.combination order by number"
_PACKED = """
select known.stxdmcv::pg_catalog.bytea,
       (select pg_catalog.array_agg(pg_catalog.to_json(item.values)::pg_catalog.text order by item.index)
        from pg_catalog.pg_mcv_list_items(known.stxdmcv) as item)
from pg_catalog.pg_statistic_ext_data as known
join pg_catalog.pg_statistic_ext as made on made.oid = known.stxoid
where made.stxrelid = $1::pg_catalog.int8::pg_catalog.oid and known.stxdmcv is not null
"""


def pack(
    admin: psycopg.Connection, owner: psycopg.Connection, one: ExtendedStatistics, relation: str, columns: Sequence[str]
) -> bytes:
    """The combinations of `one`, to be cast from bytea to pg_mcv_list by a superuser.

    `relation` and `columns` (those of the object, then its expressions) are SQL as the server deparses it. `owner`, who is
    no superuser, converts the values, in a temporary table that is gone afterwards. Raises ValueError where the
    combinations are not what a server prints, psycopg.Error where it refuses them.
    """
    combinations = one.most_common_values or ()
    frequencies, base = one.most_common_frequencies or (), one.most_common_base_frequencies or ()
    if not 0 < len(combinations) == len(frequencies) == len(base) <= _MOST:
        raise ValueError("not as many frequencies as combinations of values")
    if not all(0 <= frequency <= 1 for frequency in (*frequencies, *base)):
        raise ValueError("a frequency that is none")
    try:
        oid, ours = _analyzed(owner, combinations, relation, columns)
        packed, theirs = admin.execute(_PACKED, [oid], binary=True).fetchone() or (b"", [])
    finally:
        owner.execute("drop table if exists pg_temp.combination", binary=True)
    if sorted(ours) != sorted(theirs) or len(set(ours)) != len(ours):
        raise ValueError("the server does not read the combinations as it printed them")
    number_of = {text: number for number, text in enumerate(ours)}
    places = [number_of[text] for text in theirs]
    return _with_frequencies(packed, len(columns), [(frequencies[place], base[place]) for place in places])


def _analyzed(
    owner: psycopg.Connection, combinations: Sequence[str], relation: str, columns: Sequence[str]
) -> tuple[int, list[str]]:
    """The oid of the table with the combinations, one row each, and the rows' values as the server prints them."""
    names = [sql.Identifier(f"c{number}") for number in range(len(columns))]
    listed = sql.SQL(", ").join(names)
    parts = sql.SQL(", ").join(
        sql.SQL("({}) as {}").format(sql.SQL(text), name) for text, name in zip(columns, names, strict=True)
    )
    for statement in (
        sql.SQL("create temporary table combination as select {} from {} with no data").format(parts, sql.SQL(relation)),
        sql.SQL("create statistics pg_temp.known (mcv) on {} from pg_temp.combination").format(listed),
        sql.SQL(f"alter statistics pg_temp.known set statistics {_MOST}"),
        sql.SQL("alter table pg_temp.combination add number pg_catalog.int4"),
    ):
        owner.execute(statement, binary=True)
    oid, types = owner.execute(_TYPES, [len(columns)], binary=True).fetchone()
    values = sql.SQL(", ").join(
        sql.SQL("(one.parts)[{}]::{}").format(sql.Literal(number), sql.SQL(name)) for number, name in enumerate(types, 1)
    )
    owner.execute(sql.SQL(_INSERT).format(values), [list(combinations)], binary=True)
    owner.execute("analyze pg_temp.combination", binary=True)
    texts = sql.SQL(", ").join(sql.SQL("{}::pg_catalog.text").format(name) for name in names)
    return oid, [text for (text,) in owner.execute(sql.SQL(_PRINTED).format(texts), binary=True).fetchall()]


def _with_frequencies(packed: bytes, columns: int, frequencies: Sequence[tuple[float, float]]) -> bytes:
    """The list ends with its items: for each whether its values are NULL, frequency, base frequency, places of values."""
    changed = bytearray(packed)
    item_bytes = columns + 16 + 2 * columns
    first = len(packed) - item_bytes * len(frequencies)
    for number, pair in enumerate(frequencies):
        struct.pack_into("=dd", changed, first + number * item_bytes + columns, *pair)
    return bytes(changed)
