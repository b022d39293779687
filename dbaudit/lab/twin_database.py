"""The twin's database and the role that owns what is in it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql

from dbaudit.facts.database import Database
from dbaudit.facts.snapshot import Omission
from dbaudit.lab.btree_pages import PAGE_BYTES
from dbaudit.lab.locales import in_icu

_ROLE = "create role {} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
_FIRST_WITH_PROVIDERS = 150000
_FIRST_WITH_BUILTIN = 170000
_BY_CODE_POINT = ("C", "POSIX")


def create(admin: psycopg.Connection, name: str, owner: str, source: Database | None) -> list[Omission]:
    """Creates the database and a role that may create nothing in it but what goes into a schema of its own.

    Texts are in the source's order where the lab's machine has its locale, which decides what a histogram of texts means,
    and whether LIKE can use an index; else in ICU's order for the language, where the lab has ICU, which is nearly the
    same. Returns what differs from the source.
    """
    admin.execute(sql.SQL(_ROLE).format(sql.Identifier(owner)), binary=True)
    for closed in ("postgres", "template1"):
        admin.execute(f"revoke all on database {closed} from public", binary=True)
    refusal = ""
    for options in _options(source, admin.info.server_version):
        try:
            admin.execute(_statement(name, options), binary=True)
            order = "in ICU's order for its language" if "icu_locale" in options else "in the order of code points"
            break
        except psycopg.DatabaseError as error:
            if admin.closed or not options:
                raise
            refusal = refusal or " ".join(str(error).split())
    admin.execute(sql.SQL("revoke create on database {} from public").format(sql.Identifier(name)), binary=True)
    return list(_differences(source, order, refusal))


def _statement(name: str, options: dict[str, str]) -> sql.Composed:
    written = [sql.SQL(" {} {}").format(sql.SQL(option), sql.Literal(value)) for option, value in options.items()]
    return sql.SQL("create database {} template template0").format(sql.Identifier(name)) + sql.Composed(written)


def _options(source: Database | None, version: int) -> Iterator[dict[str, str]]:
    """What the database is created with, the best first; the last is the lab's own and always works."""
    if source is not None:
        has_providers = source.provider == "libc" or version >= _FIRST_WITH_PROVIDERS
        if has_providers and (source.provider != "builtin" or version >= _FIRST_WITH_BUILTIN):
            options = {"lc_collate": source.collate, "lc_ctype": source.ctype}
            if source.provider != "libc":
                options |= {"locale_provider": source.provider, f"{source.provider}_locale": source.locale}
            yield options
        if source.provider == "builtin" or (source.provider == "libc" and source.collate in _BY_CODE_POINT):
            yield {"lc_collate": "C"}
        if source.provider == "libc" and version >= _FIRST_WITH_PROVIDERS and (locale := in_icu(source.collate)):
            yield {"locale_provider": "icu", "icu_locale": locale}
    yield {}


def _differences(source: Database | None, order: str, refusal: str) -> Iterator[Omission]:
    if source is None:
        return
    if refusal:
        name = source.locale or source.collate
        yield Omission(kind="locale", name=name, reason=f"texts are {order} in the twin: {refusal}")
    if source.encoding != "UTF8":
        yield Omission(kind="encoding", name=source.encoding, reason="texts are UTF8 in the twin")
    if source.block_size_bytes != PAGE_BYTES:
        reason = f"the lab's pages have {PAGE_BYTES} bytes: costs of reading differ"
        yield Omission(kind="block size", name=str(source.block_size_bytes), reason=reason)
