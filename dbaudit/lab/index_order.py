"""The order in which a snapshot's indexes came about, and which of them no plan may use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import psycopg

from dbaudit.facts.catalog import Index
from dbaudit.facts.snapshot import SchemaObject
from dbaudit.lab.twin_catalog import TwinCatalog

_INVALID = "invalid index"
_HIDE = "update pg_catalog.pg_index set indisvalid = false where indexrelid = any ($1::pg_catalog.oid[])"


def as_on_the_source(objects: Sequence[SchemaObject], indexes: Iterable[Index]) -> list[SchemaObject]:
    """The objects, with those that make the indexes of one table in the order of the source's oids.

    Of two indexes that serve alike the planner takes the one it sees first, and it sees a table's indexes by oid
    (RelationGetIndexList). They change places with each other only, so that what comes before them stays there.
    """
    oids: dict[tuple[str, str], int] = {}
    for index in indexes:
        oids[index.table, index.constraint] = index.oid
        oids[index.table, index.qualified] = index.oid
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(objects):
        if one.kind in ("constraint", "index", _INVALID) and (one.relation, one.name) in oids:
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
