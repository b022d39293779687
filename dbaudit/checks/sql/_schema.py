"""What the schema says about the columns that a statement names, where it is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dbaudit.facts import Facts
from dbaudit.facts.statement_text import StatementText

if TYPE_CHECKING:
    from dbaudit.facts.catalog import Index
    from dbaudit.facts.column import Column
    from dbaudit.facts.relation import Names


_LISTED = 20


def schema_facts() -> tuple[type, ...]:
    """What a check that looks at the schema reads of it. Imported late: most runs of `lint` are about texts alone."""
    from dbaudit.facts.catalog import Index
    from dbaudit.facts.column import Column
    from dbaudit.facts.relation import Relation, SearchPath

    return Relation, SearchPath, Column, Index


def column_list(columns: Sequence[Column], prefix: str = "") -> str:
    """Names of columns as SQL writes them, the first twenty of them; `prefix` is what stands before each."""
    names = [prefix + column.quoted for column in columns]
    more = [f"and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
    return ", ".join(names[:_LISTED] + more)


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns by schema and table, indexes by the table's oid, and the tables whose indexes could not all be read.

    What is unknown is empty or None: no check may take it for an answer.
    """

    names: Names | None
    columns: Mapping[tuple[str, str], tuple[Column, ...]]
    indexes: Mapping[int, tuple[Index, ...]]
    unread: frozenset[int]
    has_indexes: bool

    @classmethod
    def of(cls, facts: Facts) -> Schema:
        """The schema as far as the facts hold it; an index that is invalid or partial serves no condition as it is."""
        if set(facts.rows) == {StatementText}:
            return cls(None, {}, {}, frozenset(), False)
        from dbaudit.facts.catalog import Index
        from dbaudit.facts.column import Column
        from dbaudit.facts.relation import Names

        columns: defaultdict[tuple[str, str], tuple[Column, ...]] = defaultdict(tuple)
        for column in facts.get(Column):
            columns[column.schema, column.table] += (column,)
        indexes: defaultdict[int, tuple[Index, ...]] = defaultdict(tuple)
        for index in facts.get(Index):
            if index.is_valid and not index.is_partial and not index.predicate:
                indexes[index.table_oid] += (index,)
        unread = frozenset(index.table_oid for index in facts.get(Index) if index.is_unread)
        return cls(Names.of(facts), dict(columns), dict(indexes), unread, not facts.missing(Index))

    def columns_of(self, relation: str) -> tuple[Column, ...]:
        """All columns of the relation that is written like this, in their order; none where they are not known."""
        found = self.names.find(relation) if relation and self.names else None
        return self.columns.get(found, ()) if found else ()

    def column(self, relation: str, name: str) -> Column | None:
        """A column of the relation that is written like this."""
        return next((column for column in self.columns_of(relation) if column.name == name), None)

    def indexes_of(self, relation: str) -> tuple[Index, ...] | None:
        """The indexes of the relation that may serve a condition; None where it or its indexes are not known."""
        columns = self.columns_of(relation)
        if not columns or not self.has_indexes or columns[0].table_oid in self.unread:
            return None
        return self.indexes.get(columns[0].table_oid, ())

    def is_unique(self, relation: str, names: Collection[str], *, may_be_null: bool) -> bool:
        """Whether no two rows have the same values in these columns; with `may_be_null`, where none of them is NULL."""
        not_null = {column.name for column in self.columns_of(relation) if may_be_null or not column.is_nullable}
        usable = not_null & set(names)
        return any(
            index.is_unique and all(index.key_columns) and usable.issuperset(index.key_columns)
            for index in self.indexes_of(relation) or ()
        )
