"""What a twin's own catalog says about the relations, columns and types that were created in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files

import psycopg


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation of the twin, named as a snapshot names it. `path` is its first file, relative to the data directory;
    empty where it has none. `table_oid`, `is_unique` and `key_columns` are an index's."""

    name: str
    oid: int
    schema: str
    short_name: str
    kind: str
    access_method: str
    path: str
    table_oid: int
    is_unique: bool
    key_columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A column of a relation. `length` is pg_attribute.attlen; `table_number` the table's column that an index has."""

    relation_oid: int
    name: str
    number: int
    type_oid: int
    collation_oid: int
    length: int
    table_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """How ANALYZE would note values of a type. `base_oid` is the type under all domains, `less` and `equal` are operators
    (0: none), `has_own_input` is false where a function of the snapshot would read its text."""

    oid: int
    base_oid: int
    kind: str
    element_oid: int
    range_element_oid: int
    has_own_input: bool
    less: int
    equal: int


@dataclass(frozen=True, slots=True)
class TwinCatalog:
    """The relations by name, the columns by relation and name, and the types by oid."""

    relations: dict[str, Relation] = field(default_factory=dict)
    attributes: dict[tuple[int, str], Attribute] = field(default_factory=dict)
    types: dict[int, ColumnType] = field(default_factory=dict)

    def reads_safely(self, type_oid: int, depth: int = 0) -> bool:
        """Whether only functions of the server's own or of an extension turn text into values of this type."""
        known = self.types.get(type_oid)
        if known is None or not known.has_own_input or depth > 8:
            return False
        # A domain's own constraints do not run: its values are noted as those of its base type. An element's would.
        for inner in (known.element_oid, known.range_element_oid):
            if inner and not (self.reads_safely(inner, depth + 1) and self.types[inner].base_oid == inner):
                return False
        return True


def read(admin: psycopg.Connection) -> TwinCatalog:
    """Reads the catalog as a superuser whose search_path is empty."""
    relations = [
        Relation(name=row[0], oid=row[1], schema=row[2], short_name=row[3], kind=row[4], access_method=row[5],
                 path=row[6], table_oid=row[7], is_unique=row[8], key_columns=row[9])
        for row in _rows(admin, "relations")
    ]
    attributes = [
        Attribute(relation_oid=row[0], name=row[1], number=row[2], type_oid=row[3], collation_oid=row[4],
                  length=row[5], table_number=row[6])
        for row in _rows(admin, "attributes")
    ]
    types = [
        ColumnType(oid=row[0], base_oid=row[1], kind=row[2], element_oid=row[3], range_element_oid=row[4],
                   has_own_input=row[5], less=row[6], equal=row[7])
        for row in _rows(admin, "types")
    ]
    return TwinCatalog(
        {relation.name: relation for relation in relations},
        {(attribute.relation_oid, attribute.name): attribute for attribute in attributes},
        {column_type.oid: column_type for column_type in types},
    )


def _rows(admin: psycopg.Connection, name: str) -> list[tuple]:
    text = files(__package__).joinpath("queries", f"{name}.sql").read_text("utf-8")
    return admin.execute(text, binary=True).fetchall()
