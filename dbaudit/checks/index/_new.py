"""The DDL that makes the index a foreign key lacks."""

from __future__ import annotations

from dbaudit.checks.index._naming import index_name, quoted
from dbaudit.checks.index._serving import Serving
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, Table
from dbaudit.finding import Fix


class NewIndexes:
    """Chooses names that no relation of the schema and no index proposed before has."""

    def __init__(self, facts: Facts, mostly_null_ratio: float) -> None:
        self._taken: dict[str, set[str]] = {}
        for relation in (*facts[Table], *facts[Index]):
            self._taken.setdefault(relation.schema, set()).add(relation.name)
        self._chosen: dict[tuple[int, tuple[str, ...]], str] = {}
        self._mostly_null_ratio = mostly_null_ratio

    def fix(self, key: ForeignKey, table: Table, lacking: tuple[Table, ...], serving: Serving) -> Fix:
        """Indexes on the tables that lack one: the referencing table itself, or partitions of it.

        Where the table is partitioned and no partition has one, the parent gets an index of its own, to which those of
        the partitions are attached, so that partitions to come have it too.
        """
        self._taken.setdefault(table.schema, set()).update(key.other_relations)
        if not table.is_partitioned:
            statements, names = (self._create(key, table),), [self._name(key, table)]
        elif set(lacking) == set(leaves(table, serving)):
            statements, names = self._attached(key, table, serving), [self._name(key, table)]
        else:
            statements = tuple(self._create(key, partition) for partition in lacking)
            names = [self._name(key, partition) for partition in lacking]
        drop = "DROP INDEX" if table.is_partitioned and names == [self._name(key, table)] else "DROP INDEX CONCURRENTLY"
        return Fix(
            title=f"create an index on {table.qualified} ({', '.join(key.quoted_columns)})",
            statements=statements,
            lock="ShareLock" if drop == "DROP INDEX" else "ShareUpdateExclusiveLock",
            in_transaction=False,
            undo=tuple(f"{drop} {name};" for name in names),
        )

    def _attached(self, key: ForeignKey, table: Table, serving: Serving) -> tuple[str, ...]:
        made = (self._create(key, table),)
        for partition in serving.partitions_of(table.oid):
            below = self._attached(key, partition, serving) if partition.is_partitioned else (self._create(key, partition),)
            attach = f"ALTER INDEX {self._name(key, table)} ATTACH PARTITION {self._name(key, partition)};"
            made += (*below, attach)
        return made

    def _create(self, key: ForeignKey, table: Table) -> str:
        name = self._name(key, table).removeprefix(_schema_prefix(table))
        columns = ", ".join(key.quoted_columns)
        how = f"INDEX {name} ON ONLY" if table.is_partitioned else f"INDEX CONCURRENTLY {name} ON"
        return f"CREATE {how} {table.qualified} ({columns}){self._where(key)};"

    def _where(self, key: ForeignKey) -> str:
        """A row with a NULL among the referencing columns refers to nothing, and need not be found."""
        mostly_null = [
            f"{column} IS NOT NULL"
            for column, fraction in zip(key.quoted_columns, key.null_fractions)
            if fraction is not None and fraction >= self._mostly_null_ratio
        ]
        return f" WHERE {' AND '.join(mostly_null)}" if mostly_null else ""

    def _name(self, key: ForeignKey, table: Table) -> str:
        """The qualified name, the same for every foreign key of these columns."""
        known = (table.oid, key.columns)
        if known not in self._chosen:
            taken = self._taken.setdefault(table.schema, set())
            self._chosen[known] = index_name(table.name, key.columns, taken)
            taken.add(self._chosen[known])
        return _schema_prefix(table) + quoted(self._chosen[known])


def leaves(table: Table, serving: Serving) -> tuple[Table, ...]:
    """The tables that hold the rows: the leaf partitions, or the table itself where it has none."""
    partitions = serving.partitions_of(table.oid)
    return tuple(leaf for part in partitions for leaf in leaves(part, serving)) if partitions else (table,)


def _schema_prefix(table: Table) -> str:
    quoted_schema = '"' + table.schema.replace('"', '""') + '".'
    return quoted_schema if table.qualified.startswith(quoted_schema) else f"{table.schema}."
