"""Creates a snapshot's objects in a twin, as a role that may do nothing else.

A snapshot is a file that anybody may have written. Its statements run as a role that owns the schemas and no more: it
reads no file, runs no program, loads no code, opens no connection. Each is one message of the extended protocol, so one
statement, and starts with CREATE or ALTER, so that it ends no transaction. What needs a superuser (schemas, extensions
and stubs) is our own text, made of nothing but quoted names, and happens where nothing of the snapshot can be called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import Omission, SchemaObject
from dbaudit.lab import stubs
from dbaudit.sources.postgres.pipeline import Failure, exchange_each, query

OWNER = "twin"

# Not trusted in PostgreSQL's sense, so that a superuser makes them, yet without a way out of the server: types,
# operators and access methods that plans need.
_HARMLESS_EXTENSIONS = frozenset(
    ("bloom", "earthdistance", "hll", "ip4r", "pg_stat_statements", "postgis", "rum", "semver", "vector")
)
# Trusted, but plans need no language: a function in one is stubbed.
_UNWANTED_EXTENSIONS = frozenset(("plperl", "pltcl", "plv8", "bool_plperl", "jsonb_plperl", "hstore_plperl"))
_CREATES = re.compile(r"\s*(create|alter\s+(?!role\b|user\b|group\b|database\b|system\b))", re.IGNORECASE)
_DATABASE_WIDE = ("schema", "extension")
_MOST_PASSES = 20
# Asking again does not help: it is there already, it took too long, it may not be done.
_FINAL = frozenset(("42710", "42P07", "42723", "57014", "42601"))


def create(
    admin: psycopg.Connection, owner: psycopg.Connection, objects: Sequence[SchemaObject], search_path: str = ""
) -> list[Omission]:
    """Creates what can be created, in the order given, and again what failed while anything is won by that.

    What a snapshot prints names everything in full; a function's body need not, and is looked at when an index calls it.
    So what fails with an empty search_path is tried with the source's, `search_path`, and all schemas behind it.
    `admin` is a superuser's connection to the twin's database, `owner` one of the role OWNER. Returns what is missing,
    and what is there as a stub only. Raises psycopg.OperationalError where a connection is lost.
    """
    omissions = _create_schemas(admin, [one for one in objects if one.kind == "schema"])
    omissions += _create_extensions(admin, [one for one in objects if one.kind == "extension"])
    pending: list[SchemaObject] = []
    for one in objects:
        if one.kind in _DATABASE_WIDE:
            continue
        if _is_creation(one.sql):
            pending.append(one)
        else:
            omissions.append(_omitted(one, "its statement does not create anything that the twin lets in"))
    path = ", ".join([search_path or "public", *(one.name for one in objects if one.kind == "schema")])
    return omissions + _create_all(admin, owner, pending, path)


def _is_creation(text: str) -> bool:
    # A NUL would end the text for the server, and half of a surrogate pair is no character.
    return bool(_CREATES.match(text)) and "\0" not in text and _is_encodable(text)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _create_all(
    admin: psycopg.Connection, owner: psycopg.Connection, pending: list[SchemaObject], search_path: str
) -> list[Omission]:
    omissions: list[Omission] = []
    tried: set[str] = set()
    left: list[tuple[SchemaObject, Failure]] = []
    for number in range(_MOST_PASSES):
        failed = _create_each(owner, pending)
        is_progress = len(failed) < len(pending)
        if number == 0 and failed:
            is_progress = _look_there(owner, search_path) or is_progress
        left = []
        for one, failure in failed:
            if failure.sqlstate in _FINAL:
                omissions.append(_omitted(one, failure.message))
                continue
            made, again = stubs.stand_in(admin, one, failure.message, tried)
            omissions += made
            is_progress = is_progress or bool(made)
            left += [(again, failure)] if again else []
        pending = [one for one, _ in left]
        if not pending or not is_progress:
            break
    return omissions + [_omitted(one, failure.message) for one, failure in left]


def _look_there(owner: psycopg.Connection, search_path: str) -> bool:
    try:
        owner.execute("select pg_catalog.set_config('search_path', $1, false)", [search_path], binary=True)
    except (psycopg.DatabaseError, UnicodeEncodeError):
        if owner.closed:
            raise
        return False
    return True


def _create_each(owner: psycopg.Connection, objects: Sequence[SchemaObject]) -> list[tuple[SchemaObject, Failure]]:
    """Each statement in a transaction of its own, all sent at once; those that failed."""
    batches = [[query(one.sql)] for one in objects]
    answered = zip(objects, exchange_each(owner, batches), strict=True)
    return [(one, answers[-1].failure) for one, answers in answered if answers[-1].failure]


def _create_schemas(admin: psycopg.Connection, schemas: Iterable[SchemaObject]) -> list[Omission]:
    omissions = []
    for schema in schemas:
        name = stubs.unquoted(schema.name)
        command = "alter schema {} owner to {}" if name == "public" else "create schema {} authorization {}"
        reason = stubs.run(admin, sql.SQL(command).format(sql.Identifier(name), sql.Identifier(OWNER)))
        if reason:
            omissions.append(_omitted(schema, reason))
    return omissions


def _create_extensions(admin: psycopg.Connection, extensions: Sequence[SchemaObject]) -> list[Omission]:
    # One row for each version; whoever may make one of them may make the one that is made.
    versions = "select name::pg_catalog.text, trusted from pg_catalog.pg_available_extension_versions"
    available = dict(admin.execute(versions, binary=True).fetchall())
    omissions, pending = [], []
    for extension in extensions:
        name = stubs.unquoted(extension.name)
        if name == "plpgsql":
            continue
        if name not in available:
            omissions.append(_omitted(extension, "the lab's PostgreSQL has not this extension"))
        elif name in _UNWANTED_EXTENSIONS or not (available[name] or name in _HARMLESS_EXTENSIONS):
            omissions.append(_omitted(extension, "the twin makes no extension that is not known to be harmless"))
        else:
            pending.append(extension)
    while pending:
        failed = [(one, reason) for one in pending if (reason := _create_extension(admin, one))]
        if len(failed) == len(pending):
            return omissions + [_omitted(one, reason) for one, reason in failed]
        pending = [one for one, _ in failed]
    return omissions


def _create_extension(admin: psycopg.Connection, extension: SchemaObject) -> str:
    name = sql.Identifier(stubs.unquoted(extension.name))
    found = re.search(r"""\bschema\s+("(?:[^"]|"")+"|\w+)""", extension.sql, re.IGNORECASE)
    if found:
        schema = sql.Identifier(stubs.unquoted(found[1]))
        if not stubs.run(admin, sql.SQL("create extension {} schema {}").format(name, schema)):
            return ""
    return stubs.run(admin, sql.SQL("create extension {}").format(name))


def _omitted(one: SchemaObject, reason: str) -> Omission:
    return Omission(kind=one.kind, name=one.name, reason=reason)
