"""Indexes on trial by hypopg, where the audited database has that extension; it is never installed by us.

A hypothetical index is in the memory of one backend, and only plain EXPLAIN sees it there. It is made and taken back in
read-only transactions, and outlives them, so that this is not for connections through a pooler.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from dbaudit.errors import AuditError
from dbaudit.sources.postgres.session import Session

_UNNESTED = "pg_catalog.unnest($1::pg_catalog.oid[]) as made (oid)"
_BACKEND = "select pg_catalog.pg_backend_pid()"
# They are there when the library is, which calling one of its functions has loaded.
_SETTINGS = (
    "select pg_catalog.current_setting('hypopg.enabled', true), pg_catalog.current_setting('hypopg.use_real_oids', true)"
)


# A key in brackets of its own, or a call: (lower(email)), ((a + b)).
_EXPRESSION = re.compile(r"\([^()]*\(")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothetical:
    """An index that could be made. `size_bytes` is hypopg's own estimate, as if no key were there twice."""

    definition: str
    size_bytes: int
    has_expression: bool = False


class Hypopg:
    """Hypothetical indexes on the audited session. They are larger than real ones, in which no key is there twice: an index
    may be better than this says, as one with few different keys is, and is hardly ever worse."""

    name = "hypopg"
    how = "by hypopg"
    is_audited = True
    takes = "takes at most"

    def __init__(self, session: Session, schema: str) -> None:
        self._session = session
        self._schema = schema

    def session(self) -> Session:
        """Where to plan."""
        return self._session

    def is_blind(self, _: str) -> bool:
        """Never: the server plans with its own statistics, whoever may see them."""
        return False

    def create(self, definition: str) -> Hypothetical:
        """What CREATE INDEX would make. Raises AuditError where hypopg does not make this one."""
        if " ON ONLY " in definition.upper():
            raise AuditError("hypopg makes no index of a partitioned table alone")
        with self._made(definition) as oids:
            text = f"select pg_catalog.sum({self._schema}.hypopg_relation_size(made.oid))::pg_catalog.int8 from {_UNNESTED}"
            ((size,),) = self._asked(text, oids)
        return Hypothetical(definition=definition, size_bytes=size, has_expression=bool(_EXPRESSION.search(definition)))

    @contextmanager
    def showing(self, candidates: Iterable[Hypothetical]) -> Iterator[None]:
        """Plain EXPLAIN of this session sees these inside the block."""
        with ExitStack() as stack:
            for candidate in candidates:
                stack.enter_context(self._made(candidate.definition))
            yield

    @contextmanager
    def _made(self, definition: str) -> Iterator[list[int]]:
        rows = self._asked(f"select indexrelid from {self._schema}.hypopg_create_index($1)", definition)
        oids = [oid for (oid,) in rows]
        try:
            yield oids
        finally:
            if not self._session.connection.closed:
                self._asked(f"select {self._schema}.hypopg_drop_index(made.oid) from {_UNNESTED}", oids)

    def _asked(self, text: str, value: object) -> list[tuple]:
        try:
            return self._session.rows(text, [value])
        except psycopg.Error as error:
            raise AuditError(error.diag.message_primary or " ".join(str(error).split())) from None


def installed(session: Session) -> Hypopg | None:
    """hypopg on this session, where it can be used without a trace.

    None behind a pooler, where the next transaction may be on another backend; where somebody's hypothetical indexes are
    there already; and where a setting makes ours of no use: they are not seen, or take oids of the server's.
    Raises ServerGone.
    """
    text = files(__package__).joinpath("queries/hypopg.sql").read_text("utf-8")
    try:
        rows = session.rows(text)
        if not rows or session.rows(_BACKEND) != [(session.connection.info.backend_pid,)]:
            return None
        schema = rows[0][0]
        is_empty = session.rows(f"select pg_catalog.count(*) from {schema}.hypopg()") == [(0,)]
        return Hypopg(session, schema) if is_empty and session.rows(_SETTINGS) == [("on", "off")] else None
    except psycopg.Error:
        return None
