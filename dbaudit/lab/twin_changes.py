"""A twin of what a schema is to become: a snapshot's statistics under the schema of a branch's own files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from dbaudit.errors import AuditError
from dbaudit.facts.catalog import Table
from dbaudit.facts.snapshot import Omission, SchemaObject, Snapshot
from dbaudit.lab import twin
from dbaudit.lab.twin import Twin
from dbaudit.lab.whatif import WhatIf
from dbaudit.sources.migrations import Changes

_KEPT_KINDS = ("schema", "extension")
# What is there already: a table, column, object, function, schema, or a second primary key.
_THERE = frozenset(["42P07", "42701", "42710", "42723", "42P06", "42P16"])
# What is not there: a table, column, object or function, schema.
_GONE = frozenset(["42P01", "42703", "42704", "42883", "3F000"])
_DEFAULT_PATH = '"$user", public'


@dataclass(slots=True, kw_only=True)
class Applied:
    """How many statements did something, how many had been in effect already, and what failed."""

    done: int = 0
    there: int = 0
    failed: list[Omission] = field(default_factory=list)


def build(snapshot: Snapshot, changes: Changes, bin_directory: Path) -> tuple[Twin, Applied]:
    """A twin with the changes applied, and what came of them.

    Where they create a table that the snapshot has, they are the whole schema, and replace the snapshot's; else they
    come on top of it, and one that was applied before is passed over. Statistics and sizes are carried by name; new
    indexes get the sizes they would have. Raises AuditError as twin.build does.
    """
    is_whole = bool(changes.tables & {table.name for table in snapshot.facts.get(Table)})
    applied = Applied()
    base = tuple(one for one in snapshot.objects if one.kind in _KEPT_KINDS) if is_whole else snapshot.objects

    def change(owner: psycopg.Connection) -> None:
        path = next((one.value for one in snapshot.settings if one.name == "search_path"), _DEFAULT_PATH)
        owner.execute("select pg_catalog.set_config('search_path', $1, false)", [path], binary=True)
        _apply(owner, changes.statements, applied, is_whole=is_whole)

    made = twin.build(replace(snapshot, objects=base), bin_directory, change)
    try:
        known = {size.name for size in snapshot.sizes}
        with WhatIf(made) as whatif:
            whatif.lengthen(_new_indexes(made, known))
        return made, applied
    except psycopg.Error as error:
        made.stop()
        raise AuditError(f"the changed schema's indexes cannot be given their sizes: {error}") from None
    except BaseException:
        made.stop()
        raise


def _apply(owner: psycopg.Connection, statements: Sequence[SchemaObject], applied: Applied, *, is_whole: bool) -> None:
    for one in statements:
        try:
            owner.execute(one.sql, binary=True)
            applied.done += 1
        except psycopg.Error as error:
            if owner.closed:
                raise
            if not is_whole and _was_applied(one.sql, error.sqlstate or ""):
                applied.there += 1
            else:
                reason = error.diag.message_primary or " ".join(str(error).split())
                applied.failed.append(Omission(kind=one.kind, name=one.name, reason=reason))


def _was_applied(text: str, sqlstate: str) -> bool:
    first, *rest = text.lower().split()
    undoes = first == "drop" or (first == "alter" and ("rename" in rest or "drop" in rest))
    return sqlstate in _THERE or (undoes and sqlstate in _GONE)


def _new_indexes(made: Twin, known: set[str]) -> list[tuple[int, int]]:
    """Indexes that the snapshot has no size of, with their tables, of which it has one; by oid."""
    by_oid = {relation.oid: relation for relation in made.catalog.relations.values()}
    return [
        (relation.oid, relation.table_oid)
        for relation in made.catalog.relations.values()
        if relation.kind == "i" and relation.name not in known and by_oid[relation.table_oid].name in known
    ]
