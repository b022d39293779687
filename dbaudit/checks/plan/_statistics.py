"""What would let the planner know better how many rows a scan returns."""

from __future__ import annotations

from dbaudit.checks.ddl import schema_of
from dbaudit.checks.index._naming import index_name, quoted
from dbaudit.checks.plan._expressions import indexable
from dbaudit.checks.plan._keys import ANY_OF, EQUALITY, is_relabel
from dbaudit.checks.plan._relations import Relations
from dbaudit.facts.catalog import Table
from dbaudit.facts.column import Column
from dbaudit.facts.condition import Form, conditions
from dbaudit.facts.plan import PlanNode
from dbaudit.finding import Fix

_MOST_COLUMNS = 8
_LISTED = 100


def statistics_for(node: PlanNode, relations: Relations) -> Fix | None:
    """Extended statistics for columns that are compared together or for an expression, else ANALYZE.

    None where the node reads no table. CREATE STATISTICS and ANALYZE take a ShareUpdateExclusiveLock.
    """
    table = relations.table(node)
    if table is None:
        return None
    columns, expressions = _compared(node, table, relations)
    whole = relations.whole(table)
    if table.estimated_rows is None or (len(columns) < 2 and not expressions):
        return Fix(
            title=f"analyze {whole.qualified}: its statistics are missing, too old or too coarse",
            statements=(f"ANALYZE {whole.qualified};",),
            lock="ShareUpdateExclusiveLock",
        )
    words, targets = zip(*(columns or expressions[:1]))
    name = f"{schema_of(whole.qualified)}.{quoted(index_name(whole.name, words, ()).removesuffix('_idx') + '_stats')}"
    kinds = _kinds([relations.column(table, word) for word in words]) if columns else ""
    return Fix(
        title=f"have ANALYZE look at {', '.join(targets)} {'together' if columns else 'too'}",
        statements=(
            f"CREATE STATISTICS {name}{kinds} ON {', '.join(targets)} FROM {whole.qualified};",
            f"ANALYZE {whole.qualified};",
        ),
        applicability="manual",
        lock="ShareUpdateExclusiveLock",
        undo=(f"DROP STATISTICS {name};", f"ANALYZE {whole.qualified};"),
    )


def _kinds(columns: list[Column | None]) -> str:
    """Most common combinations only where they all fit into the list: one that is not in it is taken for independent.

    The list has as many entries as the statistics target, 100 by default.
    """
    counts = [column.distinct_count or 0.0 for column in columns if column]
    return " (dependencies, mcv)" if all(0 < count <= _LISTED for count in counts) else " (dependencies)"


Named = list[tuple[str, str]]


def _compared(node: PlanNode, table: Table, relations: Relations) -> tuple[Named, Named]:
    """Columns compared by equality, if there are several, and expressions: each as a word and as SQL."""
    columns: dict[str, str] = {}
    expressions: dict[str, str] = {}
    for text in {node.filter: None, node.index_cond: None, node.recheck_cond: None}:
        for condition in conditions(text):
            column = relations.column(table, condition.column)
            if column is None or condition.value_columns or condition.operator not in EQUALITY + ANY_OF:
                continue
            if condition.form is Form.COLUMN or is_relabel(condition, column):
                columns[column.name] = column.quoted
            elif key := indexable(condition, column):
                expressions[f"{column.name}_{condition.function.lower()}".rstrip("_")] = key
    several = list(columns.items())[:_MOST_COLUMNS]
    return (several if len(several) > 1 else []), list(expressions.items())
