"""What there is in a schema and what needs what: two queries, whatever the number of objects."""

from __future__ import annotations

from collections import defaultdict, namedtuple
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

import psycopg


class Key(NamedTuple):
    """A row of a catalog, or something that hangs on one: `catalog` is then a word of ours."""

    catalog: str
    oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An object of the schema. `name` is as the server prints it, `schema` and `relname` are unquoted.

    `relation_key` and `relation` are the table of an index, a constraint and the like, else None and empty.
    """

    key: Key
    kind: str
    name: str
    schema: str
    relname: str
    relation_key: Key | None
    relation: str
    is_locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A child and its parent, tables or indexes, as pg_inherits has them. The position tells parents apart.

    `parent_relation` is the parent, or the table of a parent that is an index.
    """

    child: Key
    parent: Key
    position: int
    is_index: bool
    is_partition: bool
    name: str
    parent_name: str
    parent_relation: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All objects by key, what each needs before it can be created, and who inherits from whom."""

    objects: Mapping[Key, Listed]
    needs: Mapping[Key, frozenset[Key]]
    links: tuple[Link, ...]


def rows(cursor: psycopg.Cursor, query: str, *wanted: Collection[int]) -> list[Any]:
    """The rows of queries/<query>.sql by the names of its columns. Raises psycopg.Error."""
    text = (files("dbaudit.sources.postgres") / "queries" / f"{query}.sql").read_text("utf-8")
    return by_name(cursor, text, [sorted(oids) for oids in wanted])


def by_name(cursor: psycopg.Cursor, text: str, parameters: list[Any]) -> list[Any]:
    """The rows of one query of ours by the names of its columns. Raises psycopg.Error."""
    cursor.execute(text, parameters or None, binary=True)
    kind = namedtuple("Row", [column.name for column in cursor.description or ()])
    return [kind._make(row) for row in cursor.fetchall()]


def read_listing(cursor: psycopg.Cursor) -> Listing:
    """Lists the database that the cursor is in. Nothing is deparsed, so no lock is waited for. Raises psycopg.Error."""
    objects = {each.key: each for each in map(_listed, rows(cursor, "schema_object"))}
    links = tuple(
        Link(
            child=Key("pg_class", row.oid), parent=Key("pg_class", row.parent_oid), position=row.position,
            is_index=row.is_index, is_partition=row.is_partition, name=row.name, parent_name=row.parent,
            parent_relation=Key("pg_class", row.parent_relation_oid),
        )
        for row in rows(cursor, "schema_inheritance")
    )
    return Listing(objects=objects, needs=_needs(objects, links, rows(cursor, "schema_dependency")), links=links)


def _listed(row: Any) -> Listed:
    return Listed(
        key=Key(row.class_, row.oid),
        kind=row.kind,
        name=row.name,
        schema=row.schema,
        relname=row.relname,
        relation_key=Key("pg_class", row.relation_oid) if row.relation_oid else None,
        relation=row.relation,
        is_locked=row.is_locked,
    )


def _needs(
    objects: Mapping[Key, Listed], links: tuple[Link, ...], dependencies: list[Any]
) -> Mapping[Key, frozenset[Key]]:
    owners: dict[Key, Key] = {}
    edges: list[tuple[Key, Key, str]] = []
    for row in dependencies:
        dependent, referenced = Key(row.class_, row.oid), Key(row.referenced_class, row.referenced_oid)
        edges.append((dependent, referenced, row.type))
        if row.type in ("e", "i") or (row.type == "a" and row.class_ == "pg_attrdef"):
            owners.setdefault(dependent, referenced)
    inherited = {(link.child, link.parent) for link in links}
    found: defaultdict[Key, set[Key]] = defaultdict(set)
    for dependent, referenced, kind in edges:
        is_owned_sequence = kind == "a" and dependent in objects and objects[dependent].kind == "sequence"
        if kind in ("P", "S") or is_owned_sequence or (dependent, referenced) in inherited:
            continue
        needing, needed = _standing_for(dependent, objects, owners), _standing_for(referenced, objects, owners)
        if needing and needed and needing != needed:
            found[needing].add(needed)
    for each in objects.values():
        if each.relation_key:
            found[each.key].add(each.relation_key)
    return {key: frozenset(needed) for key, needed in found.items()}


def _standing_for(key: Key, objects: Mapping[Key, Listed], owners: Mapping[Key, Key]) -> Key | None:
    """The object that a row of a catalog is part of: a row type of its table, a table of an extension of the extension."""
    for step in _chain(key, owners):
        if step in objects:
            return step
    return None


def _chain(key: Key, owners: Mapping[Key, Key]) -> Iterator[Key]:
    seen: set[Key] = set()
    following: Key | None = key
    while following and following not in seen:
        yield following
        seen.add(following)
        following = owners.get(following)
