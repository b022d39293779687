"""Triggers of a statement that was run: whose they are, and the index that a foreign key's lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dbaudit.checks.index._new import NewIndexes
from dbaudit.checks.index._serving import Serving
from dbaudit.checks.index.unindexed_foreign_key import Options
from dbaudit.facts import Facts
from dbaudit.facts.catalog import ForeignKey, Index, OperatorFamily, Table, unquoted
from dbaudit.facts.plan import Plan, Trigger
from dbaudit.finding import Fix

# What PostgreSQL calls the triggers of a foreign key on the referenced table, and those on the referencing table.
_ON_REFERENCED, _ON_REFERENCING = "RI_ConstraintTrigger_a_", "RI_ConstraintTrigger_c_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A foreign key that looks for referencing rows, and the indexes to make for it; no fix where one serves."""

    key: ForeignKey
    fix: Fix | None


def together(plan: Plan) -> tuple[Trigger, ...]:
    """The triggers of a plan, those of one constraint on one relation as one, and the same for a trigger's name."""
    found: dict[tuple[str, str, bool], Trigger] = {}
    for trigger in plan.triggers:
        same = (trigger.constraint or trigger.name, trigger.relation, searches_references(trigger, plan))
        if known := found.get(same):
            time_ms = (known.time_ms or 0.0) + (trigger.time_ms or 0.0)
            trigger = replace(known, calls=known.calls + trigger.calls, time_ms=time_ms)
        found[same] = trigger
    return tuple(found.values())


def searches_references(trigger: Trigger, plan: Plan) -> bool:
    """Whether it surely is the trigger that looks for rows that refer to a deleted or changed one."""
    if trigger.name:
        return trigger.name.startswith(_ON_REFERENCED)
    return bool(trigger.constraint) and plan.raw["Plan"].get("Operation") == "Delete"


def searches_referenced(trigger: Trigger) -> bool:
    """Whether it is the trigger that looks for the row that a new one refers to, by the referenced table's key."""
    return trigger.name.startswith(_ON_REFERENCING)


class Lookups:
    """The foreign keys in the facts, by the triggers that are theirs."""

    def __init__(self, facts: Facts) -> None:
        self._tables: Mapping[int, Table] = {table.oid: table for table in facts.get(Table)}
        self._keys = facts.get(ForeignKey)
        kinds = (ForeignKey, Index, OperatorFamily, Table)
        is_known = not any(facts.missing(kind) for kind in kinds)
        self._serving = Serving(facts) if is_known else None
        self._new = NewIndexes(facts, Options().mostly_null_ratio) if is_known else None

    def of(self, trigger: Trigger) -> Lookup | None:
        """The foreign key of a trigger on the referenced table; None where it is not known, or could be several."""
        named = [key for key in self._keys if trigger.constraint and unquoted(key.name) == trigger.constraint]
        keys = [key for key in named if not trigger.relation or trigger.relation in self._names_of(key)]
        if len(keys) != 1 or self._serving is None or self._new is None:
            return None
        key = keys[0]
        table = self._tables.get(key.table_oid)
        if table is None or key.is_temporal:
            return None
        lacking = self._serving.unserved(key, table)
        if lacking and self._serving.unread(key, lacking):
            return None
        return Lookup(key=key, fix=self._new.fix(key, table, lacking, self._serving) if lacking else None)

    def _names_of(self, key: ForeignKey) -> set[str]:
        """The referenced table's name, and those of its partitions."""
        oids = {key.referenced_oid}
        while more := {table.oid for table in self._tables.values() if table.parent_oid in oids} - oids:
            oids |= more
        return {self._tables[oid].name for oid in oids if oid in self._tables}
