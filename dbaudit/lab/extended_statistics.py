"""Puts what CREATE STATISTICS objects know into a twin. No server up to 18 has a function for it.

Source of the layouts: statistics/mvdistinct.c and statistics/dependencies.c (statext_..._serialize), the same in 14 to
18. A cast from bytea, which is stored alike, lets them in.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from dbaudit.facts.snapshot import ExtendedStatistics, Omission
from dbaudit.lab import common_combinations, expression_statistics

_DISTINCT_MAGIC, _DEPENDENCIES_MAGIC, _BASIC = 0xA352BFA4, 0xB4549A2C, 1
_MOST_COLUMNS = 8
_CASTS = (
    "create cast (pg_catalog.bytea as pg_catalog.pg_mcv_list) without function",
    "create cast (pg_catalog.bytea as pg_catalog.pg_ndistinct) without function",
    "create cast (pg_catalog.bytea as pg_catalog.pg_dependencies) without function",
)
_DROP_CASTS = (
    "drop cast (pg_catalog.bytea as pg_catalog.pg_mcv_list)",
    "create cast (pg_catalog.bytea as pg_catalog.pg_mcv_list) without function",
    "drop cast (pg_catalog.bytea as pg_catalog.pg_ndistinct)",
    "drop cast (pg_catalog.bytea as pg_catalog.pg_dependencies)",
)
_VALUES = (
    "$2::pg_catalog.bytea::pg_catalog.pg_ndistinct", "$3::pg_catalog.bytea::pg_catalog.pg_dependencies",
    "$4::pg_catalog.bytea::pg_catalog.pg_mcv_list",
)
_INSERT = f"""
insert into pg_catalog.pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies, stxdmcv)
values ($1::pg_catalog.oid, $5::pg_catalog.bool, {", ".join(_VALUES)})
"""
# Before 15 CREATE STATISTICS makes the row, for there is one only.
_UPDATE = f"""
update pg_catalog.pg_statistic_ext_data
set stxdndistinct = {_VALUES[0]}, stxddependencies = {_VALUES[1]}, stxdmcv = {_VALUES[2]}
where stxoid = $1::pg_catalog.oid
"""
_FIRST_WITH_INHERITED = 150000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """A statistics object of the twin: its relation, its columns by number and by name, and its expressions as SQL.

    `is_of_partitions` says that the relation has no rows but its partitions'.
    """

    oid: int
    relation: str
    keys: list[int]
    columns: list[str]
    expressions: list[str]
    is_of_partitions: bool


def restore(
    admin: psycopg.Connection, owner: psycopg.Connection, statistics: Iterable[ExtendedStatistics]
) -> list[Omission]:
    """Restores all that the statistics objects know; returns what cannot be restored with the reason.

    `admin` is a superuser, `owner` the relations' owner: he converts every value.
    """
    statistics = tuple(statistics)
    if not statistics:
        return []
    text = files(__package__).joinpath("queries", "statistics_objects.sql").read_text("utf-8")
    objects = {
        row[0]: _Object(
            oid=row[1], relation=row[2], keys=row[3] or [], columns=row[4] or [], expressions=row[5] or [],
            is_of_partitions=row[6],
        )
        for row in admin.execute(text, binary=True).fetchall()
    }
    for cast in _CASTS:
        admin.execute(cast, binary=True)
    try:
        return [omission for one in statistics for omission in _restore_one(admin, owner, objects, one)]
    finally:
        for cast in _DROP_CASTS:
            admin.execute(cast, binary=True)


def _restore_one(
    admin: psycopg.Connection, owner: psycopg.Connection, objects: dict[str, _Object], one: ExtendedStatistics
) -> list[Omission]:
    known = objects.get(one.name)
    if known is None:
        return [_omitted(one, "the statistics object is not in the twin")]
    is_told_apart = admin.info.server_version >= _FIRST_WITH_INHERITED
    if one.is_inherited and not is_told_apart and not known.is_of_partitions:
        return [_omitted(one, "statistics of a whole inheritance tree exist from PostgreSQL 15 on")]
    reasons: list[str] = []

    def attempt(part: Callable[[], bytes | None], what: str) -> bytes | None:
        try:
            return part()
        except (ValueError, RecursionError, psycopg.DatabaseError) as error:
            if admin.closed or owner.closed:
                raise
            reasons.append(f"{what}: {' '.join(str(error).split())}")
            return None

    values = [
        known.oid,
        attempt(lambda: _distinct(one.distinct_counts, known.keys), "counts of distinct values"),
        attempt(lambda: _dependencies(one.dependencies, _own_keys(one), known.keys), "dependencies"),
        attempt(lambda: _combinations(admin, owner, one, known), "most common combinations"),
    ]
    if is_told_apart:
        attempt(lambda: _run(admin, _INSERT, [*values, one.is_inherited]), "all of it")
    else:
        attempt(lambda: _run(admin, _UPDATE, values), "all of it")
    if one.expression_statistics:
        of = known.oid, known.relation, known.expressions
        attempt(lambda: expression_statistics.restore(admin, owner, one, *of), "expressions")
    return [_omitted(one, "; ".join(reasons))] if reasons else []


def _run(admin: psycopg.Connection, statement: str, values: Sequence[object]) -> None:
    admin.execute(statement, values, binary=True)


def _omitted(one: ExtendedStatistics, reason: str) -> Omission:
    return Omission(kind="extended statistics", name=one.name, reason=reason)


def _combinations(
    admin: psycopg.Connection, owner: psycopg.Connection, one: ExtendedStatistics, known: _Object
) -> bytes | None:
    if one.most_common_values is None:
        return None
    return common_combinations.pack(admin, owner, one, known.relation, [*known.columns, *known.expressions])


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
