"""Puts surrogates in the place of what a snapshot holds of rows, and drops what it has none for."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from dbaudit.facts import Facts
from dbaudit.facts.snapshot import ColumnStatistics, ExtendedStatistics, Omission, Snapshot
from dbaudit.facts.workload import StatementUse
from dbaudit.sources import sqllex, surrogates
from dbaudit.sources.postgres.collect import query_named
from dbaudit.sources.postgres.schema.listing import by_name
from dbaudit.sources.postgres.schema_statistics import as_array
from dbaudit.sources.sqlarray import elements

_WHOLE = ("smallint", "integer", "bigint", "oid")
_TEXTS = ("text", "character varying", "character", "name")
# What the schema tells anyway.
_PUBLIC = ("boolean", "enum")
_NO_SURROGATE = "its most common values and histogram bounds are dropped: --redact has no surrogates for this type"


class _Kind(NamedTuple):
    """The values that are compared with each other: a type's, and of texts those of a collation."""

    name: str
    is_array: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """Which values are compared with each other: by relation and column, and by statistics object; and the order of
    texts in the database's own collation."""

    kinds: Mapping[tuple[str, str], _Kind | None]
    parts: Mapping[str, tuple[_Kind | None, ...]]
    order: Sequence[str]


def read_comparable(cursor: psycopg.Cursor, relations: Collection[int]) -> Comparable:
    """What surrogates are made by, of these relations. No value is sent to the server. Raises psycopg.Error."""
    types = by_name(cursor, query_named("column_type", 0), [sorted(relations)])
    order = by_name(cursor, query_named("text_order", 0), [sorted(relations)])
    return Comparable(
        kinds={(row.relation, row.column): _kind(row) for row in types},
        parts=_extended_kinds(cursor, relations, types),
        order=[row.value for row in order],
    )


def redacted(snapshot: Snapshot, known: Comparable) -> Snapshot:
    """The snapshot with surrogates for values of rows: in the statistics and in the texts of statements."""
    kinds, parts = known.kinds, known.parts
    found = _values(snapshot, kinds, parts)
    maps = {name: made for name, values in found.items() if (made := _surrogates(name, values, known.order)) is not None}
    dropped: list[Omission] = []
    statistics = tuple(_column(each, kinds.get((each.relation, each.column)), maps, dropped) for each in snapshot.statistics)
    extended = tuple(_extended(each, parts.get(each.name, ()), maps, dropped) for each in snapshot.extended_statistics)
    statements = snapshot.facts.get(StatementUse)
    kept = tuple(each for each in map(_without_comments, statements) if each)
    if len(kept) < len(statements):
        name = f"{len(statements) - len(kept)} in pg_stat_statements"
        dropped.append(Omission(kind="statements", name=name, reason="their texts hold constants"))
    facts = snapshot.facts.merged(Facts({StatementUse: kept})) if statements else snapshot.facts
    return dataclasses.replace(
        snapshot, is_redacted=True, facts=facts, statistics=statistics, extended_statistics=extended,
        omissions=(*snapshot.omissions, *dict.fromkeys(dropped)),
    )


def _kind(row: Any) -> _Kind | None:
    if row.is_foreign:
        return None
    if row.type in _TEXTS:
        return None if row.collation == "other" else _Kind(f"text {row.collation}", row.is_array)
    if row.type in _WHOLE:
        return _Kind("whole", row.is_array)
    names = {
        "numeric": "decimal", "double precision": "decimal", "real": "decimal", "date": "date", "uuid": "uuid",
        "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamp with zone",
    }
    name = "public" if row.type in _PUBLIC else names.get(row.type)
    return _Kind(name, row.is_array) if name else None


def _extended_kinds(
    cursor: psycopg.Cursor, relations: Collection[int], types: Iterable[Any]
) -> Mapping[str, tuple[_Kind | None, ...]]:
    """The kinds of a statistics object's columns; of its expressions, which come last, nothing is known."""
    of_column = {(row.relation_oid, row.number): _kind(row) for row in types}
    return {
        row.name: (*(of_column.get((row.relation_oid, number)) for number in row.columns), *[None] * row.expressions)
        for row in by_name(cursor, query_named("extended_statistics_column", 0), [sorted(relations)])
    }


def _values(
    snapshot: Snapshot, kinds: Mapping[tuple[str, str], _Kind | None], parts: Mapping[str, tuple[_Kind | None, ...]]
) -> Mapping[str, set[str]]:
    """All values of each kind."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in snapshot.statistics:
        kind = kinds.get((each.relation, each.column))
        if kind:
            own = (each.most_common_elements,) if kind.is_array else (each.most_common_values, each.histogram_bounds)
            for text in own:
                found[kind.name].update(value for value in elements(text) if value is not None)
    for each in snapshot.extended_statistics:
        for combination in each.most_common_values or ():
            for kind, value in zip(parts.get(each.name, ()), elements(combination)):
                if kind and value is not None:
                    found[kind.name].add(value)
    return found


def _surrogates(name: str, values: set[str], order: Sequence[str]) -> Mapping[str, str] | None:
    """None where a value is such that there are none."""
    makers: Mapping[str, Callable[[], Mapping[str, str]]] = {
        "public": lambda: {value: value for value in values},
        "whole": lambda: surrogates.for_numbers(values, is_whole=True),
        "decimal": lambda: surrogates.for_numbers(values, is_whole=False),
        "date": lambda: surrogates.for_dates(values),
        "timestamp": lambda: surrogates.for_timestamps(values),
        "timestamp with zone": lambda: surrogates.for_timestamps(values),
        "uuid": lambda: surrogates.for_uuids(values),
        "text C": lambda: surrogates.for_texts(sorted(values)),
        "text default": lambda: surrogates.for_texts([value for value in order if value in values]),
    }
    try:
        return makers[name]()
    except (ValueError, OverflowError):
        return None


def _column(
    each: ColumnStatistics, kind: _Kind | None, maps: Mapping[str, Mapping[str, str]], dropped: list[Omission]
) -> ColumnStatistics:
    known = maps.get(kind.name) if kind else None
    common = bounds = found_elements = None
    if known is not None and kind.is_array:
        found_elements = _replaced(each.most_common_elements, known)
    elif known is not None:
        common, bounds = _replaced(each.most_common_values, known), _replaced(each.histogram_bounds, known)
    had = (each.most_common_values, each.histogram_bounds, each.most_common_elements, each.range_bounds_histogram)
    if [value is None for value in had] != [value is None for value in (common, bounds, found_elements, None)]:
        dropped.append(Omission(kind="column statistics", name=f"{each.relation}.{each.column}", reason=_NO_SURROGATE))
    return dataclasses.replace(
        each,
        most_common_values=common,
        most_common_frequencies=each.most_common_frequencies if common is not None else None,
        histogram_bounds=bounds,
        most_common_elements=found_elements,
        most_common_element_frequencies=each.most_common_element_frequencies if found_elements is not None else None,
        element_count_histogram=each.element_count_histogram,
        range_length_histogram=None,
        range_empty_fraction=None,
        range_bounds_histogram=None,
    )


def _replaced(text: str | None, known: Mapping[str, str]) -> str | None:
    """None where a value has no surrogate: the texts' order was read apart from the values."""
    if text is None:
        return None
    values = list(elements(text))
    if any(value is not None and value not in known for value in values):
        return None
    return as_array(None if value is None else known[value] for value in values)


def _extended(
    each: ExtendedStatistics,
    kinds: tuple[_Kind | None, ...],
    maps: Mapping[str, Mapping[str, str]],
    dropped: list[Omission],
) -> ExtendedStatistics:
    combinations = tuple(_combinations(each.most_common_values or (), kinds, maps))
    expressions = tuple(_column(own, None, maps, []) for own in each.expression_statistics)
    is_whole = None not in combinations
    if not is_whole or expressions != each.expression_statistics:
        dropped.append(Omission(kind="extended statistics", name=each.name, reason=_NO_SURROGATE))
    keeps = is_whole and each.most_common_values is not None
    return dataclasses.replace(
        each,
        most_common_values=combinations if keeps else None,
        most_common_frequencies=each.most_common_frequencies if keeps else None,
        most_common_base_frequencies=each.most_common_base_frequencies if keeps else None,
        expression_statistics=expressions,
    )


def _combinations(
    texts: Iterable[str], kinds: tuple[_Kind | None, ...], maps: Mapping[str, Mapping[str, str]]
) -> Iterator[str | None]:
    for text in texts:
        values: list[str | None] = []
        for kind, value in zip(kinds, elements(text)):
            known = maps.get(kind.name) if kind and not kind.is_array else None
            if value is not None and (known is None or value not in known):
                yield None
                return
            values.append(None if value is None else known[value] if known else None)
        yield as_array(values)


def _without_comments(each: StatementUse) -> StatementUse | None:
    """None where the server did not normalise the text: it holds a constant."""
    tokens = list(sqllex.tokens(each.text))
    kinds = {token.kind for token in tokens}
    if sqllex.STRING in kinds or (sqllex.NUMBER in kinds and sqllex.PARAMETER not in kinds):
        return None
    text = "".join(" " if token.kind == sqllex.COMMENT else each.text[token.start : token.end] for token in tokens)
    return dataclasses.replace(each, text=text.strip())
