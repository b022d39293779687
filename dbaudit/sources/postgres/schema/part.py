"""One statement of a schema, what it needs, and its place among others that could come as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbaudit.facts.snapshot import SchemaObject
from dbaudit.sources.postgres.schema.listing import Key, Listed, Listing

# pg_dump's order: what fills in a table comes behind all tables, and what is checked against rows behind all keys.
_PHASES = (
    "schema", "extension", "collation", "shell type", "type", "domain", "text search dictionary",
    "text search configuration", "text search mapping", "function", "aggregate", "domain constraint", "operator",
    "operator family", "operator class", "operator family members", "cast", "sequence", "table", "inheritance", "sequence ownership", "default",
    "view", "materialized view", "constraint", "index", "invalid index", "index attachment", "foreign key",
    "statistics", "rule", "policy", "row security", "column options",
)
_RANKS = {phase: rank for rank, phase in enumerate(_PHASES)}
# The words of SchemaObject for what is told apart here.
_KINDS = {"enum": "type", "composite": "type", "range": "type", "base type": "type", "foreign key": "constraint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An object, its key, the keys of what must be there before, and its rank among what is ready."""

    key: Key
    object: SchemaObject
    needs: frozenset[Key]
    rank: tuple[int, str, str]


def whole(listed: Listed, sql: str, listing: Listing, without: Iterable[Key] = ()) -> Part:
    """The statement that creates a listed object."""
    phase = listed.kind if listed.kind in _RANKS else _KINDS[listed.kind]
    needs = listing.needs.get(listed.key, frozenset()) - frozenset(without)
    return _part(listed.key, phase, _KINDS.get(listed.kind, listed.kind), listed.name, sql, listed.relation, needs)


def further(key: Key, kind: str, name: str, sql: str, needs: Iterable[Key], relation: str = "") -> Part:
    """A statement that completes one or two objects which are there already, or announces one."""
    return _part(key, kind, kind, name, sql, relation, frozenset(needs))


def _part(key: Key, phase: str, kind: str, name: str, sql: str, relation: str, needs: frozenset[Key]) -> Part:
    made = SchemaObject(kind=kind, name=name, sql=sql, relation=relation)
    return Part(key=key, object=made, needs=needs, rank=(_RANKS[phase], relation, name))


def statement(text: str) -> str:
    """The text with one semicolon behind it."""
    return text.rstrip().rstrip(";") + ";"


def joined(parts: Sequence[str]) -> str:
    """The parts, one per line, between parentheses."""
    return "(\n    " + ",\n    ".join(parts) + "\n)" if parts else "()"
