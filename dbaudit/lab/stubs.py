"""Stand-ins for what a snapshot's objects need and the lab has not: roles, types, collations, languages."""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg
from psycopg import sql

from dbaudit.facts.snapshot import Omission, SchemaObject
from dbaudit.lab.locales import in_icu

# The server speaks English (lc_messages of the lab). A name in a message is its parts joined by dots, not quoted.
_ROLE = re.compile(r'role "(.+)" does not exist')
_TYPE = re.compile(r'type "([^".]+)\.([^".\[\]()]+)(?:\[\])*" does not exist')
_COLLATION = re.compile(r'collation "([^"]+)" for encoding "\w+" does not exist')
_LANGUAGE = re.compile(r'(?:language ".+" does not exist|permission denied for language \w+)')
# pg_get_functiondef puts each of these on a line of its own.
_LANGUAGE_LINE = re.compile(r"\n LANGUAGE \S+")
_BODY = re.compile(r"\nAS [\s\S]*", re.MULTILINE)
_RAISES = "begin raise 'this function is a stub: the twin has not its language'; end"


def stand_in(
    admin: psycopg.Connection, failed: SchemaObject, message: str, tried: set[str]
) -> tuple[list[Omission], SchemaObject | None]:
    """Makes what `message` says is missing, once, as a superuser. Returns what is a stub now, and what is to be tried
    again: `failed`, or the statement of a stub for it, or nothing where it is there.

    `tried` remembers the messages of which we made something, or could not.
    """
    if failed.kind == "function" and _LANGUAGE.fullmatch(message):
        return _function(failed, message)
    if failed.kind == "collation":
        schema, _, name = failed.name.partition(".")
        made = _collation(admin, unquoted(schema), unquoted(name))
        return made, None if made else failed
    if message in tried:
        return [], failed
    tried.add(message)
    if found := _ROLE.fullmatch(message):
        role = sql.SQL("create role {} nologin").format(sql.Identifier(found[1]))
        return _made(admin, [role], "role", found[1], "a role without rights stands in"), failed
    if found := _TYPE.fullmatch(message):
        reason = "a text with the name of the type stands in"
        return _made(admin, _type(found[1], found[2]), "type", f"{found[1]}.{found[2]}", reason), failed
    if found := _COLLATION.fullmatch(message):
        schema, _, name = found[1].partition(".")
        # A dot may be the name's own: de_CH.utf8.
        return (name and _collation(admin, schema, name)) or _collation(admin, "pg_catalog", found[1]), failed
    return [], failed


def unquoted(name: str) -> str:
    """An identifier as quote_ident prints it, without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') and name.endswith('"') and len(name) > 1 else name


def run(admin: psycopg.Connection, *statements: sql.Composable) -> str:
    """Runs our own statements in one transaction; returns why they failed, or nothing."""
    try:
        with admin.transaction():
            for statement in statements:
                admin.execute(statement, binary=True)
    except (psycopg.DatabaseError, psycopg.DataError) as error:
        if admin.closed:
            raise
        return " ".join(str(error).split())
    return ""


def _made(
    admin: psycopg.Connection, statements: list[sql.Composable], kind: str, name: str, reason: str
) -> list[Omission]:
    return [] if run(admin, *statements) else [Omission(kind=kind, name=name, reason=reason)]


def _collation(admin: psycopg.Connection, schema: str, name: str) -> list[Omission]:
    made, shown = sql.Identifier(schema, name), f"{schema}.{name}"
    if locale := in_icu(name):
        by_icu = sql.SQL("create collation {} (provider = icu, locale = {})").format(made, sql.Literal(locale))
        reason = "the lab has not its locale: texts are in ICU's order for its language"
        if made_by_icu := _made(admin, [by_icu], "collation", shown, reason):
            return made_by_icu
    reason = "the lab has not its locale: texts are in the order of code points"
    by_locale = sql.SQL("create collation {} (provider = libc, locale = 'C.UTF-8')").format(made)
    plain = sql.SQL('create collation {} from pg_catalog."C"').format(made)
    return _made(admin, [by_locale], "collation", shown, reason) or _made(admin, [plain], "collation", shown, reason)


def _type(schema: str, name: str) -> list[sql.Composable]:
    """A type stored as text is, which takes any modifier and compares as text, so that it can be searched and indexed."""
    names = {
        "type": sql.Identifier(schema, name), "input": sql.Identifier(schema, f"{name}_stub_in"),
        "output": sql.Identifier(schema, f"{name}_stub_out"), "modifier": sql.Identifier(schema, f"{name}_stub_modifier"),
    }
    return [sql.SQL(text).format(**names) for text in (
        "create type {type}",
        "create function {input}(pg_catalog.cstring) returns {type} language internal immutable strict as 'textin'",
        "create function {output}({type}) returns pg_catalog.cstring language internal immutable strict as 'textout'",
        "create function {modifier}(pg_catalog.cstring[]) returns pg_catalog.int4"
        " language plpgsql immutable strict as 'begin return -1; end'",
        "create type {type} (input = {input}, output = {output}, typmod_in = {modifier}, like = pg_catalog.text,"
        " collatable = true)",
        "create cast ({type} as pg_catalog.text) without function as implicit",
    )]


def _function(failed: SchemaObject, message: str) -> tuple[list[Omission], SchemaObject | None]:
    if not _LANGUAGE_LINE.search(failed.sql) or not _BODY.search(failed.sql) or _RAISES in failed.sql:
        return [], failed
    text = _LANGUAGE_LINE.sub("\n LANGUAGE plpgsql", failed.sql, count=1)
    text = _BODY.sub(lambda _: f"\nAS $stub${_RAISES}$stub$", text, count=1)
    reason = f"{message}: a stub that only raises an error stands in"
    return [Omission(kind="function", name=failed.name, reason=reason)], replace(failed, sql=text)
