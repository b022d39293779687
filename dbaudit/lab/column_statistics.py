"""Puts the statistics of a snapshot's columns into a twin: by the server's own functions from 18 on, else as ANALYZE
would have written them.

Source of what stands where: PostgreSQL's catalog/pg_statistic.h, analyze.c, array_typanalyze.c, rangetypes_typanalyze.c
and ts_typanalyze.c for the slots; statistics/attribute_stats.c for the functions of 18.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import psycopg

from dbaudit.facts.snapshot import ColumnStatistics, Omission
from dbaudit.lab.twin_catalog import Attribute, ColumnType, TwinCatalog
from dbaudit.sources.postgres.pipeline import Answer, Message, exchange_each

FIRST_WITH_FUNCTIONS = 18

_MCV, _HISTOGRAM, _CORRELATION, _MCELEM, _DECHIST, _RANGE_LENGTH, _BOUNDS = 1, 2, 3, 4, 5, 6, 7
_SLOTS = 5
_FLOAT8, _FLOAT8_LESS, _TEXT, _TSVECTOR, _DEFAULT_COLLATION = 701, 672, 25, 3614, 100
_FLOAT4_MAX = 3.4028234e38
# Redaction drops them too.
_NO_RANGES = "the snapshot has no histograms of its ranges: before 17 only a role with pg_read_all_data sees them"

_RESTORE = """
select pg_catalog.pg_restore_attribute_stats(
    'schemaname', $1::pg_catalog.text, 'relname', $2::pg_catalog.text, 'attname', $3::pg_catalog.text,
    'inherited', $4::pg_catalog.bool, 'null_frac', $5::pg_catalog.float4, 'avg_width', $6::pg_catalog.int4,
    'n_distinct', $7::pg_catalog.float4, 'most_common_vals', $8::pg_catalog.text,
    'most_common_freqs', $9::pg_catalog.float4[], 'histogram_bounds', $10::pg_catalog.text,
    'correlation', $11::pg_catalog.float4, 'most_common_elems', $12::pg_catalog.text,
    'most_common_elem_freqs', $13::pg_catalog.float4[], 'elem_count_histogram', $14::pg_catalog.float4[],
    'range_length_histogram', $15::pg_catalog.text, 'range_empty_frac', $16::pg_catalog.float4,
    'range_bounds_histogram', $17::pg_catalog.text)
"""
# A frequency for every value: the planner reads as many as there are values.
_UNEVEN = """
delete from pg_catalog.pg_statistic as s
using pg_catalog.pg_class as c, pg_catalog.pg_namespace as n, pg_catalog.pg_attribute as a
where c.oid = s.starelid and n.oid = c.relnamespace and a.attrelid = s.starelid and a.attnum = s.staattnum
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and (""" + " or ".join(
    f"(s.stakind{slot} = 1 and pg_catalog.cardinality(s.stavalues{slot})"
    f" is distinct from pg_catalog.cardinality(s.stanumbers{slot}))"
    for slot in range(1, _SLOTS + 1)
) + ")\nreturning pg_catalog.format('%I.%I', n.nspname, c.relname), a.attname::pg_catalog.text"

Slot = tuple[int, int, int, str | None, str | None, int]


def restore(
    admin: psycopg.Connection, owner: psycopg.Connection, catalog: TwinCatalog, statistics: Iterable[ColumnStatistics]
) -> list[Omission]:
    """Restores what can be, and returns what cannot be with the reason.

    `owner` is the role that owns the relations: where the server has functions for it, it runs them, and so every
    conversion of the snapshot's text. Before, only a superuser may write, and converts nothing but types whose functions
    are not the snapshot's. Raises psycopg.OperationalError where a connection is lost.
    """
    has_functions = owner.info.server_version // 10000 >= FIRST_WITH_FUNCTIONS
    omissions: list[Omission] = []
    sent: list[ColumnStatistics] = []
    messages: list[list[Message]] = []
    make = _restored if has_functions else _inserted
    for column in statistics:
        try:
            messages.append([_prepared(make(catalog, column))])
            sent.append(column)
            if _lacks_ranges(catalog, column):
                omissions.append(_omitted(column, _NO_RANGES))
            if not has_functions and _is_composite(catalog, column):
                reason = "values of composite types are not restored before PostgreSQL 18, only their number and width"
                omissions.append(_omitted(column, reason))
        except (LookupError, ValueError) as error:
            omissions.append(_omitted(column, str(error)))
    connection = owner if has_functions else admin
    connection.pgconn.prepare(b"column", (_RESTORE if has_functions else _insert()).encode())
    for column, answers in zip(sent, exchange_each(connection, messages), strict=True):
        if reason := _failure(answers, has_functions):
            omissions.append(_omitted(column, reason))
    omissions += [
        Omission(kind="column statistics", name=f"{relation}.{column}", reason="not as many frequencies as values")
        for relation, column in admin.execute(_UNEVEN, binary=True).fetchall()
    ]
    return omissions


def _omitted(column: ColumnStatistics, reason: str) -> Omission:
    return Omission(kind="column statistics", name=f"{column.relation}.{column.column}", reason=reason)


def _failure(answers: Sequence[Answer], has_functions: bool) -> str:
    if answers[-1].failure:
        return answers[-1].failure.message
    return "the server could not read the values" if has_functions and answers[-1].value != b"t" else ""


def _prepared(values: Sequence[str | None]) -> Message:
    encoded = [None if value is None else value.encode() for value in values]
    return partial(_send_prepared, encoded)


def _send_prepared(encoded: list[bytes | None], pgconn: object) -> None:
    pgconn.send_query_prepared(b"column", encoded)


def _attribute(catalog: TwinCatalog, column: ColumnStatistics) -> Attribute:
    relation = catalog.relations.get(column.relation)
    if relation is None:
        raise LookupError("the relation is not in the twin")
    attribute = catalog.attributes.get((relation.oid, column.column))
    if attribute is None:
        raise LookupError("the column is not in the twin")
    return attribute


def _lacks_ranges(catalog: TwinCatalog, column: ColumnStatistics) -> bool:
    column_type = catalog.types.get(_attribute(catalog, column).type_oid)
    return bool(column_type and column_type.kind in "rm" and column.range_length_histogram is None and column.null_fraction < 1)


def _is_composite(catalog: TwinCatalog, column: ColumnStatistics) -> bool:
    return _attribute(catalog, column).type_oid not in catalog.types


def _restored(catalog: TwinCatalog, column: ColumnStatistics) -> list[str | None]:
    _attribute(catalog, column)
    relation = catalog.relations[column.relation]
    return [
        relation.schema, relation.short_name, column.column, _boolean(column.is_inherited), *_basics(column),
        column.most_common_values, _numbers(column.most_common_frequencies), column.histogram_bounds,
        _number(column.correlation), column.most_common_elements, _numbers(column.most_common_element_frequencies),
        _numbers(column.element_count_histogram), column.range_length_histogram, _number(column.range_empty_fraction),
        column.range_bounds_histogram,
    ]


def _inserted(catalog: TwinCatalog, column: ColumnStatistics) -> list[str | None]:
    attribute = _attribute(catalog, column)
    column_type = catalog.types.get(attribute.type_oid)
    slots = list(_slots(catalog, column, attribute, column_type)) if column_type else []
    if len(slots) > _SLOTS:
        raise ValueError("more kinds of statistics than a column has")
    for slot in slots:
        if slot[4] is not None and not catalog.reads_safely(slot[5]):
            raise ValueError("its type reads values by functions of the schema's own")
    slots += [(0, 0, 0, None, None, _TEXT)] * (_SLOTS - len(slots))
    return [
        str(attribute.relation_oid), str(attribute.number), _boolean(column.is_inherited), *_basics(column),
        *(value for kind, operator, collation, numbers, values, oid in slots
          for value in (str(kind), str(operator), str(collation), numbers, values, str(oid))),
    ]


def _slots(
    catalog: TwinCatalog, column: ColumnStatistics, attribute: Attribute, column_type: ColumnType
) -> Iterator[Slot]:
    """Kind, operator, collation, numbers, values and the type of the values."""
    base, collation = column_type.base_oid, attribute.collation_oid
    if column.most_common_values is not None:
        numbers = _numbers(column.most_common_frequencies)
        yield _MCV, _known(column_type.equal), collation, numbers, column.most_common_values, base
    if column.histogram_bounds is not None:
        yield _HISTOGRAM, _known(column_type.less), collation, None, column.histogram_bounds, base
    if column.correlation is not None:
        yield _CORRELATION, _known(column_type.less), collation, _numbers((column.correlation,)), None, _TEXT
    if column.most_common_elements is not None or column.element_count_histogram is not None:
        element = _TEXT if base == _TSVECTOR else column_type.element_oid
        collation = _DEFAULT_COLLATION if base == _TSVECTOR else collation
        if element not in catalog.types:
            raise ValueError("its type has no elements")
        equal = _known(catalog.types[element].equal)
        if column.most_common_elements is not None:
            numbers = _numbers(column.most_common_element_frequencies)
            yield _MCELEM, equal, collation, numbers, column.most_common_elements, catalog.types[element].base_oid
        if column.element_count_histogram is not None:
            yield _DECHIST, equal, collation, _numbers(column.element_count_histogram), None, _TEXT
    if column.range_bounds_histogram is not None:
        # Bounds are noted as ranges, of a multirange too.
        if column_type.kind != "r":
            raise ValueError("its type is no range type")
        yield _BOUNDS, 0, 0, None, column.range_bounds_histogram, base
    if column.range_length_histogram is not None:
        empty = _numbers((column.range_empty_fraction or 0.0,))
        yield _RANGE_LENGTH, _FLOAT8_LESS, 0, empty, column.range_length_histogram, _FLOAT8


def _known(operator: int) -> int:
    if not operator:
        raise ValueError("its type has no order or no equality in the twin")
    return operator


def _basics(column: ColumnStatistics) -> list[str | None]:
    width = column.average_width_bytes
    if not -(2**31) <= width < 2**31:
        raise ValueError("a width out of range")
    return [_number(column.null_fraction), str(width), _number(column.distinct_count)]


def _number(value: float | None) -> str | None:
    if value is None:
        return None
    if not math.isfinite(value) or abs(value) > _FLOAT4_MAX:
        raise ValueError("a number out of range")
    return repr(float(value))


def _numbers(values: Sequence[float] | None) -> str | None:
    return None if values is None else "{" + ",".join(_number(value) for value in values) + "}"


def _boolean(value: bool) -> str:
    return "t" if value else "f"


def _insert() -> str:
    columns = ["starelid", "staattnum", "stainherit", "stanullfrac", "stawidth", "stadistinct"]
    values = ["$1::pg_catalog.oid", "$2::pg_catalog.int2", "$3::pg_catalog.bool", "$4::pg_catalog.float4",
              "$5::pg_catalog.int4", "$6::pg_catalog.float4"]
    for slot in range(1, _SLOTS + 1):
        first = 7 + 6 * (slot - 1)
        columns += [f"stakind{slot}", f"staop{slot}", f"stacoll{slot}", f"stanumbers{slot}", f"stavalues{slot}"]
        values += [
            f"${first}::pg_catalog.int2", f"${first + 1}::pg_catalog.oid", f"${first + 2}::pg_catalog.oid",
            f"${first + 3}::pg_catalog.float4[]",
            f"pg_catalog.array_in(${first + 4}::pg_catalog.text::pg_catalog.cstring, ${first + 5}::pg_catalog.oid, -1)",
        ]
    return f"insert into pg_catalog.pg_statistic ({', '.join(columns)}) values ({', '.join(values)})"
