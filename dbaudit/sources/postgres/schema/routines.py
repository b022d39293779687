"""The statements that create functions, aggregates, operators and their families, and casts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbaudit.sources.postgres.schema.listing import Key, Listing, rows
from dbaudit.sources.postgres.schema.part import Part, further, joined, statement, whole
from dbaudit.sources.postgres.schema.selection import Wanted
from dbaudit.sources.postgres.schema.types import shell_of

_CONTEXTS = {"a": " as assignment", "i": " as implicit", "e": ""}


def read_routines(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Functions and aggregates. Raises psycopg.Error."""
    for row in rows(cursor, "schema_function", wanted.oids("pg_proc")):
        if row.definition is not None:
            yield _function(Key("pg_proc", row.oid), row.definition, listing)
    for row in rows(cursor, "schema_aggregate", wanted.oids("pg_proc")):
        sql = f"create aggregate {row.signature} {joined(_aggregate(row))};"
        yield whole(listing.objects[Key("pg_proc", row.oid)], sql, listing)


def read_operators(cursor: psycopg.Cursor, listing: Listing, wanted: Wanted) -> Iterator[Part]:
    """Operators, their families and classes, and casts. Raises psycopg.Error."""
    for row in rows(cursor, "schema_operator", wanted.oids("pg_operator")):
        listed = listing.objects[Key("pg_operator", row.oid)]
        others = {key for key in listing.needs.get(listed.key, ()) if key.catalog == "pg_operator"}
        yield whole(listed, f"create operator {row.called} {joined(_operator(row))};", listing, without=others)
    for row in rows(cursor, "schema_operator_class", wanted.oids("pg_opfamily"), wanted.oids("pg_opclass")):
        listed = listing.objects[Key(row.class_, row.oid)]
        if row.class_ == "pg_opclass":
            default = " default" if row.is_default else ""
            parts = [*row.parts, *([f"storage {row.storage}"] if row.storage else [])] or [f"storage {row.type}"]
            head = f"create operator class {row.called}{default} for type {row.type} using {row.method}"
            yield whole(listed, f"{head} family {row.family} as {', '.join(parts)};", listing)
        else:
            yield whole(listed, f"create operator family {row.called} using {row.method};", listing)
            if row.parts:
                sql = f"alter operator family {row.called} using {row.method} add {', '.join(row.parts)};"
                yield further(Key("operator family", row.oid), "operator family members", listed.name, sql, {listed.key})
    for row in rows(cursor, "schema_cast", wanted.oids("pg_cast")):
        listed = listing.objects[Key("pg_cast", row.oid)]
        how = {"f": f"with function {row.function}", "i": "with inout", "b": "without function"}[row.method]
        yield whole(listed, f"create cast {listed.name} {how}{_CONTEXTS[row.context]};", listing)


def _function(key: Key, definition: str, listing: Listing) -> Part:
    """A type needs its functions and they need the type: they are made for its shell."""
    own_types = {
        needed
        for needed in listing.needs.get(key, ())
        if needed.catalog == "pg_type" and key in listing.needs.get(needed, ())
    }
    part = whole(listing.objects[key], statement(definition), listing, without=own_types)
    if not own_types:
        return part
    return Part(
        key=part.key, object=part.object, rank=part.rank, needs=part.needs | {shell_of(each) for each in own_types}
    )


def _aggregate(row: Any) -> list[str]:
    options: list[str] = [f"stype = {row.state_type}", *row.routines]
    values = {
        "sspace": row.state_space, "initcond": row.initial, "mstype": row.moving_state_type,
        "msspace": row.moving_state_space, "minitcond": row.moving_initial, "sortop": row.sort_operator,
        "parallel": {"s": "safe", "r": "restricted"}.get(row.parallel),
    }
    options += [f"{name} = {value}" for name, value in values.items() if value is not None]
    flags = {
        "finalfunc_extra": row.final_takes_extra,
        "mfinalfunc_extra": row.moving_final_takes_extra,
        "hypothetical": row.is_hypothetical,
    }
    return options + [name for name, is_set in flags.items() if is_set]


def _operator(row: Any) -> list[str]:
    options = {
        "function": row.function, "leftarg": row.left_type, "rightarg": row.right_type,
        "commutator": row.commutator, "negator": row.negator, "restrict": row.restrict, "join": row.join,
    }
    flags = [word for word, is_set in (("hashes", row.hashes), ("merges", row.merges)) if is_set]
    return [f"{name} = {value}" for name, value in options.items() if value] + flags
