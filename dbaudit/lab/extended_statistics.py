"""Puts what CREATE STATISTICS objects know into a twin. No server up to 18 has a function for it.

Source of the layouts: statistics/mvdistinct.c and statistics/dependencies.c (statext_..._serialize), the same in 14 to
18. A cast from bytea, which is stored alike, lets them in.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable
from importlib.resources import files

import psycopg

from dbaudit.facts.snapshot import ExtendedStatistics, Omission

_DISTINCT_MAGIC, _DEPENDENCIES_MAGIC, _BASIC = 0xA352BFA4, 0xB4549A2C, 1
_MOST_COLUMNS = 8
_CASTS = (
    "create cast (pg_catalog.bytea as pg_catalog.pg_ndistinct) without function",
    "create cast (pg_catalog.bytea as pg_catalog.pg_dependencies) without function",
)
_DROP_CASTS = (
    "drop cast (pg_catalog.bytea as pg_catalog.pg_ndistinct)",
    "drop cast (pg_catalog.bytea as pg_catalog.pg_dependencies)",
)
_INSERT = """
insert into pg_catalog.pg_statistic_ext_data (stxoid, {inherit} stxdndistinct, stxddependencies)
values ($1::pg_catalog.oid, {value} $2::pg_catalog.bytea::pg_catalog.pg_ndistinct,
        $3::pg_catalog.bytea::pg_catalog.pg_dependencies)
"""


def restore(admin: psycopg.Connection, statistics: Iterable[ExtendedStatistics]) -> list[Omission]:
    """Restores distinct counts and dependencies, as a superuser; returns what cannot be restored with the reason."""
    statistics = tuple(statistics)
    if not statistics:
        return []
    text = files(__package__).joinpath("queries", "statistics_objects.sql").read_text("utf-8")
    objects = {name: (oid, keys) for name, oid, keys in admin.execute(text, binary=True).fetchall()}
    # Created statistics have an empty row before 15.
    if admin.info.server_version < 150000:
        admin.execute("delete from pg_catalog.pg_statistic_ext_data", binary=True)
    for cast in _CASTS:
        admin.execute(cast, binary=True)
    try:
        return [omission for one in statistics for omission in _restore_one(admin, objects, one)]
    finally:
        for cast in _DROP_CASTS:
            admin.execute(cast, binary=True)


def _restore_one(
    admin: psycopg.Connection, objects: dict[str, tuple[int, list[int]]], one: ExtendedStatistics
) -> list[Omission]:
    def omitted(reason: str) -> Omission:
        return Omission(kind="extended statistics", name=one.name, reason=reason)

    if one.name not in objects:
        return [omitted("the statistics object is not in the twin")]
    oid, keys = objects[one.name]
    has_inheritance = admin.info.server_version >= 150000
    if one.is_inherited and not has_inheritance:
        return [omitted("statistics of a whole inheritance tree exist from PostgreSQL 15 on")]
    omissions = []
    if one.most_common_values is not None:
        omissions.append(omitted("their most common combinations of values cannot be restored; the rest is"))
    try:
        distinct = _distinct(one.distinct_counts, keys or [])
        dependencies = _dependencies(one.dependencies, _own_keys(one), keys or [])
        if distinct is None and dependencies is None:
            return omissions
        insert = _INSERT.format(
            inherit="stxdinherit," if has_inheritance else "", value=f"{one.is_inherited}," if has_inheritance else ""
        )
        admin.execute(insert, [oid, distinct, dependencies], binary=True)
    except (ValueError, psycopg.DatabaseError) as error:
        if admin.closed:
            raise
        omissions.append(omitted(" ".join(str(error).split())))
    return omissions


def _own_keys(one: ExtendedStatistics) -> list[int]:
    """The numbers that the columns had on the source."""
    text = one.distinct_counts or one.dependencies or ""
    return sorted({int(number) for number in re.findall(r"-?\d+(?=[^\"]*\"\s*:)", text)})


def _distinct(text: str | None, keys: list[int]) -> bytes | None:
    """`{"1, 2": 20, …}` as pg_ndistinct; `keys` are the columns' numbers here, which may be others."""
    if text is None:
        return None
    counts = [([int(number) for number in columns.split(",")], count) for columns, count in _pairs(text)]
    number_of = _renumbering(sorted({number for columns, _ in counts for number in columns}), keys)
    packed = struct.pack("=III", _DISTINCT_MAGIC, _BASIC, len(counts))
    for columns, count in counts:
        _require(2 <= len(columns) <= _MOST_COLUMNS)
        packed += struct.pack(f"=di{len(columns)}h", count, len(columns), *(number_of[column] for column in columns))
    return packed


def _dependencies(text: str | None, own_keys: list[int], keys: list[int]) -> bytes | None:
    """`{"1, 2 => 3": 1.000000, …}` as pg_dependencies."""
    if text is None:
        return None
    number_of = _renumbering(own_keys, keys)
    degrees = []
    for sides, degree in _pairs(text):
        left, arrow, right = sides.partition("=>")
        _require(bool(arrow))
        degrees.append(([int(number) for number in (*left.split(","), right)], degree))
    packed = struct.pack("=III", _DEPENDENCIES_MAGIC, _BASIC, len(degrees))
    for columns, degree in degrees:
        _require(2 <= len(columns) <= _MOST_COLUMNS)
        packed += struct.pack(f"=d{1 + len(columns)}h", degree, len(columns), *(number_of[column] for column in columns))
    return packed


def _pairs(text: str) -> list[tuple[str, float]]:
    pairs = json.loads(text)
    _require(isinstance(pairs, dict) and bool(pairs))
    _require(all(isinstance(value, int | float) and math.isfinite(value) for value in pairs.values()))
    return [(key, float(value)) for key, value in pairs.items()]


def _renumbering(own: list[int], keys: list[int]) -> dict[int, int]:
    """Columns keep their order where others before them were dropped. Expressions are numbered from -1 down."""
    columns = [number for number in own if number > 0]
    _require(len(columns) == len(keys) and all(-_MOST_COLUMNS <= number for number in own))
    return dict(zip(columns, keys, strict=True)) | {number: number for number in own if number < 0}


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError("they do not read as what the server prints")
