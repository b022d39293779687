"""The order in which a snapshot's tables and indexes came about, and which of them no plan may use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import psycopg

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Index, Table
from dbaudit.facts.snapshot import SchemaObject
from dbaudit.lab.twin_catalog import TwinCatalog

_INVALID = "invalid index"
_ORDERED = ("table", "constraint", "index", _INVALID)
_HIDE = "update pg_catalog.pg_index set indisvalid = false where indexrelid = any ($1::pg_catalog.oid[])"


def as_on_the_source(objects: Sequence[SchemaObject], facts: Facts) -> list[SchemaObject]:
    """The objects, with the tables in the order of the source's oids, and so the indexes of one table.

    Of two indexes that serve alike the planner takes the one it sees first, and it sees a table's indexes by oid
    (RelationGetIndexList), as it does a table's children (find_inheritance_children). They change places with each other
    only; what depends on a table that comes later now is created when it is there.
    """
    oids = {("", table.qualified): table.oid for table in facts.get(Table)}
    for index in facts.get(Index):
        oids[index.table, index.constraint] = index.oid
        oids[index.table, index.qualified] = index.oid
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(objects):
        if one.kind in _ORDERED and (one.relation, one.name) in oids:
            places[one.relation].append(place)
    ordered = list(objects)
    for taken in places.values():
        made = sorted((objects[place] for place in taken), key=lambda one: oids[one.relation, one.name])
        for place, one in zip(taken, made, strict=True):
            ordered[place] = one
    return ordered


def hide_invalid(admin: psycopg.Connection, catalog: TwinCatalog, objects: Iterable[SchemaObject]) -> None:
    """Marks as invalid what is so on the source: it has a size, and no plan uses it."""
    names = [one.name for one in objects if one.kind == _INVALID]
    admin.execute(_HIDE, [[catalog.relations[name].oid for name in names if name in catalog.relations]], binary=True)
