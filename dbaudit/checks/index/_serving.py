"""Which index serves a foreign key: the one definition, used wherever the duty of an index is asked.

An index serves where the planner can use it for `column = $1 AND …` over all referencing columns and needs to look at
no row that does not match them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbaudit.checks.index._predicate import is_implied
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table

# What each method makes of equality. GIN and BRIN can be asked too, but they fetch rows that do not match.
_METHODS = ("btree", "hash", "gist")

Families = Mapping[int, Sequence[int]]


class Serving:
    """Answers which indexes serve a foreign key, from facts that do not change."""

    def __init__(self, facts: Facts) -> None:
        self._families: Families = {family.oid: family.equality_operators for family in facts[OperatorFamily]}
        self._indexes: dict[int, list[Index]] = {}
        for index in sorted(facts[Index], key=lambda index: index.qualified):
            self._indexes.setdefault(index.table_oid, []).append(index)
        self._partitions: dict[int, list[Table]] = {}
        for table in sorted(facts[Table], key=lambda table: table.qualified):
            if table.parent_oid:
                self._partitions.setdefault(table.parent_oid, []).append(table)

    def indexes_of(self, table_oid: int) -> Sequence[Index]:
        return self._indexes.get(table_oid, ())

    def serving(self, key: ForeignKey, table_oid: int | None = None) -> tuple[Index, ...]:
        """The indexes of the referencing table, or of the given partition of it, that serve the foreign key."""
        candidates = self.indexes_of(key.table_oid if table_oid is None else table_oid)
        return tuple(index for index in candidates if serves(index, key, self._families))

    def partly_serving(self, key: ForeignKey) -> Index | None:
        """An index that is led by one of several referencing columns, and so finds rows that do not match the others."""
        candidates = self.indexes_of(key.table_oid)
        return next((index for index in candidates if partly_serves(index, key, self._families)), None)

    def partitions_of(self, table_oid: int) -> Sequence[Table]:
        return self._partitions.get(table_oid, ())

    def unserved(self, key: ForeignKey, table: Table) -> tuple[Table, ...]:
        """The table, or those of its leaf partitions, on which no index serves the foreign key; empty if all do."""
        if self.serving(key, table.oid):
            return ()
        partitions = self.partitions_of(table.oid)
        if not partitions:
            return (table,)
        return tuple(leaf for partition in partitions for leaf in self.unserved(key, partition))

    def unread(self, key: ForeignKey, tables: Sequence[Table]) -> Index | None:
        """An index on one of the tables that might serve, but whose predicate another session's lock hides."""
        oids = {key.table_oid, *(table.oid for table in tables)}
        return next((index for oid in oids for index in self.indexes_of(oid) if _is_hidden(index)), None)


def serves(index: Index, key: ForeignKey, families: Families) -> bool:
    """Whether this index of the referencing table, or of a partition of it, serves the foreign key.

    Columns are compared by name: a partition may number them differently.
    """
    if _is_hidden(index) or not (index.is_valid and index.is_ready and index.is_live):
        return False
    if index.method not in _METHODS:
        return False
    leading = index.key_columns[: len(key.columns)]
    if index.method == "hash" and len(key.columns) > 1:
        return False
    if set(leading) != set(key.columns) or len(leading) < len(key.columns):
        leading = index.key_columns
        if not (index.is_unique and set(leading) < set(key.columns)):
            return False
    return is_implied(index.predicate, key.quoted_columns) and all(
        _same_equality(index, position, key, families) for position in range(len(leading))
    )


def partly_serves(index: Index, key: ForeignKey, families: Families) -> bool:
    """Whether the planner can ask it for the first of its columns at least."""
    return (
        index.method == "btree"
        and index.is_valid
        and not _is_hidden(index)
        and index.key_columns[:1] != ("",)
        and index.key_columns[0] in key.columns
        and is_implied(index.predicate, key.quoted_columns)
        and _same_equality(index, 0, key, families)
    )


def _is_hidden(index: Index) -> bool:
    return index.is_unread and index.is_partial


def _same_equality(index: Index, position: int, key: ForeignKey, families: Families) -> bool:
    column = key.columns.index(index.key_columns[position])
    operator = key.equality_operators[column]
    collation = index.collations[position]
    return operator in families.get(index.opfamilies[position], ()) and collation in (0, key.collations[column])
