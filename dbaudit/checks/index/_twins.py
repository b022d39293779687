"""Indexes that another makes superfluous: twins, and those whose keys lead another's. Compared by the catalogs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dbaudit.facts.catalog import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Superfluous:
    """An index that may go, and the one that does its work."""

    index: Index
    kept: Index


def duplicates(indexes: Iterable[Index]) -> tuple[Superfluous, ...]:
    """Of each group of twins all but one, as far as they may be dropped."""
    alike = _grouped(filter(_is_usable, indexes), lambda index: (index.table_oid, index.key_attributes))
    groups = [twins for group in alike for twins in _grouped(group, _identity)]
    found = []
    for twins in groups:
        kept, *others = sorted(twins, key=_first_to_keep)
        found += [Superfluous(index=other, kept=kept) for other in others if _may_go(other) and _upholds(kept, other)]
    return tuple(found)


def prefixes(indexes: Iterable[Index]) -> tuple[Superfluous, ...]:
    """Non-unique btree indexes whose keys lead those of another, which has all of their columns, and that are no twin.

    Where several do, the one that stays is named, and of those the shortest.
    """
    indexes = tuple(indexes)
    twins = {twin.index.oid for twin in duplicates(indexes)}
    trees = [index for index in indexes if index.method == "btree" and index.oid not in twins and _is_usable(index)]
    groups = _grouped(trees, lambda index: (index.table_oid, index.predicate))
    covers = {
        index.oid: [other for other in group if _covers(other, index)]
        for group in groups
        for index in group
        if _may_go(index) and not index.is_unique
    }
    return tuple(
        Superfluous(index=index, kept=min(covers[index.oid], key=lambda other: _best_cover(other, covers)))
        for group in groups
        for index in group
        if covers.get(index.oid)
    )


def _is_usable(index: Index) -> bool:
    return index.is_valid and index.is_ready and index.is_live and not index.is_unread and not index.is_exclusion


def _grouped(indexes: Iterable[Index], key: Callable[[Index], tuple]) -> list[list[Index]]:
    """The indexes that share a key with another one, group by group."""
    groups: dict[tuple, list[Index]] = {}
    for index in indexes:
        groups.setdefault(key(index), []).append(index)
    return [group for group in groups.values() if len(group) > 1]


def _identity(index: Index) -> tuple:
    return index.method, index.predicate, _keys(index), frozenset(index.included_columns)


def _keys(index: Index) -> tuple:
    per_key = tuple(zip(index.key_attributes, index.opclasses, index.collations, index.options))
    return per_key, index.expressions


def _first_to_keep(index: Index) -> tuple:
    """What holds something together comes first, then what is cheapest to keep; the name decides in the end."""
    return (
        not index.is_primary,
        not index.foreign_key_count,
        not index.constraint,
        not index.is_replica_identity,
        not index.is_unique,
        not index.parent_oid,
        not index.is_clustered,
        len(index.name),
        index.name,
    )


def _may_go(index: Index) -> bool:
    """Whether nothing but queries depends on it. An attached index goes only with its parent."""
    depended_on = index.is_primary or index.foreign_key_count or index.is_replica_identity or index.is_exclusion
    return not (depended_on or index.parent_oid)


def _upholds(kept: Index, other: Index) -> bool:
    """Whether uniqueness is enforced as before without the other."""
    if not other.is_unique:
        return True
    same_nulls = kept.nulls_not_distinct == other.nulls_not_distinct
    return kept.is_unique and same_nulls and kept.is_immediate == other.is_immediate


def _covers(other: Index, index: Index) -> bool:
    """Whether the keys of `index` lead those of `other`, and `other` holds more and every column that it includes."""
    if other.oid == index.oid or other.key_attributes[: len(index.key_attributes)] != index.key_attributes:
        return False
    (other_keys, other_expressions), (keys, expressions) = _keys(other), _keys(index)
    if other_keys[: len(keys)] != keys:
        return False
    # Deparsed expressions are balanced: what follows the first of them after a comma is another one.
    if 0 in index.key_attributes and not (f"{other_expressions}, ").startswith(f"{expressions}, "):
        return False
    columns = {*other.key_columns, *other.included_columns}
    longer = len(other_keys) > len(keys) or set(other.included_columns) > set(index.included_columns)
    return longer and set(index.included_columns) <= columns


def _best_cover(other: Index, covers: Mapping[int, list[Index]]) -> tuple:
    return bool(covers.get(other.oid)), len(other.key_columns), len(other.included_columns), _first_to_keep(other)
