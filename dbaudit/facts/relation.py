"""Which relations there are, and where an unqualified name is looked up: what a name in a text means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dbaudit.facts import Facts

_IDENTIFIER = re.compile(r'"((?:[^"]|"")*)"|([^\s."*]+)')
_CAPITALS = re.compile(r"[A-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Anything that FROM can name: schema and name are unquoted, `kind` is pg_class.relkind (r, p, v, m or f)."""

    schema: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPath:
    """The schemas of the session's search_path that exist, in its order, as current_schemas(false) has them."""

    schemas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The relations by what a text may call them: the schemas that have one of a name, and the search_path."""

    schemas: Mapping[str, tuple[str, ...]]
    path: tuple[str, ...]

    @classmethod
    def of(cls, facts: Facts) -> Names:
        """The names of all relations; there are none where Relation is missing."""
        schemas: dict[str, tuple[str, ...]] = {}
        for relation in facts.get(Relation):
            schemas[relation.name] = (*schemas.get(relation.name, ()), relation.schema)
        return cls(schemas, next((path.schemas for path in facts.get(SearchPath)), ()))

    def find(self, written: str) -> tuple[str, str] | None:
        """Schema and name of the relation that is written like this; None where there is none, or no telling which.

        An unqualified name that is in no schema of the search_path is that of the only relation called so: the role that
        audits need not have the search_path of the application.
        """
        *before, name = identifiers(written) or ("",)
        schemas = self.schemas.get(name, ())
        if before:
            return (before[-1], name) if before[-1] in schemas else None
        first = next((schema for schema in self.path if schema in schemas), "")
        if first:
            return first, name
        return (schemas[0], name) if len(schemas) == 1 else None


def identifiers(written: str) -> tuple[str, ...]:
    """The parts of a name such as `public."T"` as PostgreSQL knows them: folded, or without their quotes."""
    return tuple(
        quoted.replace('""', '"') if not bare else _CAPITALS.sub(lambda letters: letters.group().lower(), bare)
        for quoted, bare in _IDENTIFIER.findall(written)
    )
