"""What the catalogs say of the relations in a plan, found by the names that the plan uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.column import Column
from dbaudit.facts.plan import PlanNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Tables by schema and name, their indexes and columns by oid, and how many leaf partitions each tree has."""

    tables: Mapping[tuple[str, str], Table]
    by_oid: Mapping[int, Table]
    index_lists: Mapping[int, Sequence[Index]]
    column_maps: Mapping[int, Mapping[str, Column]]
    names: Mapping[str, frozenset[str]]
    leaf_counts: Mapping[int, int]

    @classmethod
    def of(cls, facts: Facts) -> Relations:
        indexes: dict[int, list[Index]] = {}
        columns: dict[int, dict[str, Column]] = {}
        names: dict[str, set[str]] = {}
        for index in sorted(facts.get(Index), key=lambda index: index.name):
            indexes.setdefault(index.table_oid, []).append(index)
        for column in facts.get(Column):
            columns.setdefault(column.table_oid, {})[column.name] = column
        for relation in (*facts.get(Table), *facts.get(Index)):
            names.setdefault(relation.schema, set()).add(relation.name)
        by_oid = {table.oid: table for table in facts.get(Table)}
        return cls(
            tables={(table.schema, table.name): table for table in facts.get(Table)},
            by_oid=by_oid,
            index_lists=indexes,
            column_maps=columns,
            names={schema: frozenset(taken) for schema, taken in names.items()},
            leaf_counts=Counter(_top(table, by_oid).oid for table in by_oid.values() if not table.is_partitioned),
        )

    def table(self, node: PlanNode) -> Table | None:
        """The table that a scan reads, or None for what is no table of the database's own."""
        return self.tables.get((node.schema, node.relation))

    def whole(self, table: Table) -> Table:
        """The partitioned table at the top of a partition's tree: what an index is made on."""
        return _top(table, self.by_oid)

    def indexes(self, table: Table) -> Sequence[Index]:
        """The indexes of the table that the planner may use now."""
        known = self.index_lists.get(table.oid, ())
        return [index for index in known if index.is_valid and index.is_ready and index.is_live]

    def column(self, table: Table, name: str) -> Column | None:
        return self.column_maps.get(table.oid, {}).get(name)

    def taken(self, table: Table) -> frozenset[str]:
        """The names that a new index of the table cannot have."""
        return self.names.get(table.schema, frozenset())


def _top(table: Table, by_oid: Mapping[int, Table]) -> Table:
    while table.parent_oid in by_oid:
        table = by_oid[table.parent_oid]
    return table
