"""How the plan of a statement, and the data it is for, differ from what was saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.plan import Plan, PlanNode
from dbaudit.facts.saved_plan import SavedRelation

Name = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a plan reads a relation: whether from end to end, and by which indexes."""

    is_sequential: bool
    indexes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A relation that was read by indexes, and no longer is by `indexes`, but whole where `is_scanned`, or by others."""

    relation: Name
    indexes: tuple[str, ...]
    is_scanned: bool
    instead: tuple[str, ...] = ()


def lost(before: Plan, after: Plan) -> tuple[Lost, ...]:
    """The relations that both plans read, where an index served before that does not now."""
    return tuple(_lost(accesses(before), accesses(after)))


def _lost(before: dict[Name, Access], after: dict[Name, Access]) -> Iterator[Lost]:
    for relation, old in before.items():
        new = after.get(relation)
        if new is None or not old.indexes or old.is_sequential:
            continue
        gone = tuple(sorted(old.indexes - new.indexes))
        if new.is_sequential or gone:
            yield Lost(
                relation=relation,
                indexes=gone or tuple(sorted(old.indexes)),
                is_scanned=new.is_sequential,
                instead=() if new.is_sequential else tuple(sorted(new.indexes - old.indexes)),
            )


def accesses(plan: Plan) -> dict[Name, Access]:
    """How each relation of the plan is read, whatever its alias."""
    found: dict[Name, Access] = {}
    for node in plan.nodes():
        if node.relation:
            name = (node.schema, node.relation)
            old = found.get(name, Access(is_sequential=False, indexes=frozenset()))
            found[name] = Access(
                is_sequential=old.is_sequential or node.node_type == "Seq Scan",
                indexes=old.indexes | frozenset(_indexes(node)),
            )
    return found


def _indexes(node: PlanNode) -> Iterator[str]:
    """Those of the node itself, and those that a Bitmap Heap Scan is told its pages by."""
    if node.index_name:
        yield node.index_name
    if node.node_type == "Bitmap Heap Scan":
        for below in node.walk():
            if below.node_type == "Bitmap Index Scan":
                yield below.index_name


def shape(plan: Plan) -> tuple[tuple[str, str, str, str, int], ...]:
    """What makes a plan another one: its nodes in order, what they join and read, and by which index."""
    return tuple(
        (node.node_type, node.join_type, node.relation, node.index_name, len(node.children)) for node in plan.nodes()
    )


def changed_relations(facts: Facts, ratio: float) -> set[Name]:
    """Those of the saved plans whose rows or size differ by more than this ratio now, or are not known now."""
    now = {(table.schema, table.name): table for table in facts.get(Table)}
    return {
        (then.schema, then.name)
        for then in facts[SavedRelation]
        if not (table := now.get((then.schema, then.name)))
        or not _is_near(table.estimated_rows, then.estimated_rows, ratio)
        or not _is_near(table.size_bytes, then.size_bytes, ratio)
    }


def _is_near(one: float | None, other: float | None, ratio: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= ratio * max(one, other)
