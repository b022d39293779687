"""Indexes that a twin has on trial: created empty, as long as they would be, shown to the planner and hidden again.

A B-tree is created while its table's file is empty, then both get their lengths. The planner sees an index only while
pg_index says that it is valid, which a superuser may change at any time: the next statement of every session knows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from dbaudit.errors import AuditError, ServerGone
from dbaudit.lab import btree_pages, index_size, sparse
from dbaudit.lab.btree_pages import PAGE_BYTES
from dbaudit.lab.index_size import Key
from dbaudit.lab.twin import Twin
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_CREATE = re.compile(
    rf"\s*create\s+(?:unique\s+)?index\s+(?P<concurrently>concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:{_NAME}\s+)?"
    rf"on\s+(?:only\s+)?(?P<table>{_NAME}\.{_NAME})\b",
    re.IGNORECASE,
)
# Where btm_allequalimage stands (BTMetaPageData in nbtree.h, after a page header of 24 bytes).
_ALL_EQUAL_IMAGE = 64
# Far above the oids that a new server gives away.
_FIRST_FILE_NUMBER = 3_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An index on trial. `name` is qualified, `size_bytes` what it would take; a partitioned one has several files. With
    an expression it has no statistics of its own before ANALYZE, and the planner assumes what it does of any."""

    name: str
    oids: tuple[int, ...]
    size_bytes: int
    has_expression: bool = False


class WhatIf:
    """Candidates in a twin. A new one is hidden until `showing`. Use it as a context manager."""

    name = "a twin"
    how = "on a twin"
    is_audited = False
    takes = "takes about"

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._data = twin.server.directory / "data"
        self._admin = _connect(twin.admin_conninfo())
        self._file_numbers = count(_FIRST_FILE_NUMBER)

    def __enter__(self) -> WhatIf:
        return self

    def __exit__(self, *_: object) -> None:
        self._admin.close()

    def conninfo(self) -> str:
        """How to connect to the twin for planning."""
        return self._twin.conninfo()

    def session(self) -> Session:
        """Where to plan. It ends with the twin."""
        return Session(connect(Address(conninfo=self.conninfo())))

    def is_blind(self, definition: str) -> bool:
        """Whether the statistics of the table that it is on were hidden from the role that took the snapshot."""
        found = _CREATE.match(definition)
        return bool(found and found["table"] in self._twin.hidden)

    def create(self, definition: str) -> Candidate:
        """Creates one: CREATE INDEX on a table named with its schema. Raises AuditError where the twin refuses it."""
        found = _CREATE.match(definition)
        table = self._twin.catalog.relations.get(found["table"]) if found else None
        if found is None or table is None:
            raise AuditError("no CREATE INDEX on a table that the twin has")
        if found["concurrently"]:
            definition = definition[: found.start("concurrently")] + definition[found.end("concurrently") :]
        before = self._rows("indexes_of", table.oid)
        try:
            with self._without_rows([Path(row[1]) for row in before if row[1]], before):
                self._create(definition)
        except psycopg.Error as error:
            raise AuditError(error.diag.message_primary or " ".join(str(error).split())) from None
        known = {oid for row in before for oid in row[5]}
        made = [(oid, row) for row in self._rows("indexes_of", table.oid) for oid in row[5] if oid not in known]
        if not made:
            raise AuditError("an index of that name is there already")
        size = sum(self._extend(oid, heap) for oid, heap in made)
        self._set_valid([oid for oid, _ in made], False)
        name, *_, has_expression = self._rows("new_index", made[0][0])[0]
        oids = tuple(oid for oid, _ in made)
        return Candidate(name=name, oids=oids, size_bytes=size, has_expression=has_expression)

    def lengthen(self, indexes: Iterable[tuple[int, int]]) -> None:
        """Gives indexes of the twin's own the length they would have: each by its oid, with that of its table."""
        for oid, table_oid in indexes:
            self._extend(oid, next(row for row in self._rows("indexes_of", table_oid) if row[0] == table_oid))

    @contextmanager
    def showing(self, candidates: Iterable[Candidate]) -> Iterator[None]:
        """The planner of every session of the twin sees these inside the block."""
        oids = [oid for candidate in candidates for oid in candidate.oids]
        self._set_valid(oids, True)
        try:
            yield
        finally:
            self._set_valid(oids, False)

    @contextmanager
    def hiding(self, names: Iterable[str]) -> Iterator[None]:
        """The planner sees these indexes of the twin's own no longer inside the block. Unknown names are passed over."""
        relations = self._twin.catalog.relations
        oids = [relations[name].oid for name in names if name in relations]
        self._set_valid(oids, False)
        try:
            yield
        finally:
            self._set_valid(oids, True)

    def _set_valid(self, oids: Sequence[int], is_valid: bool) -> None:
        text = "update pg_catalog.pg_index set indisvalid = $1 where indexrelid = any($2::pg_catalog.oid[])"
        self._ask(text, [is_valid, list(oids)])

    def _create(self, definition: str) -> None:
        """As the role without privileges, in a session that has not yet looked at the length of any file."""
        with closing(_connect(self._twin.conninfo())) as owner:
            owner.execute(definition, binary=True)

    @contextmanager
    def _without_rows(self, paths: list[Path], sizes: list[tuple]) -> Iterator[None]:
        """The files have no length inside the block: CREATE INDEX would read them from end to end, and write down that
        the table is empty. Of a table of many files the first alone tells."""
        lengths = {path: (self._data / path).stat().st_size for path in paths}
        try:
            for path in paths:
                os.truncate(self._data / path, 0)
            yield
        finally:
            for path, length in lengths.items():
                sparse.extend(self._data / path, length // PAGE_BYTES)
            self._ask(
                "update pg_catalog.pg_class as c set relpages = s.pages, reltuples = s.tuples, relallvisible = s.visible"
                " from rows from (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[]),"
                " pg_catalog.unnest($3::pg_catalog.float4[]), pg_catalog.unnest($4::pg_catalog.int4[]))"
                " as s (oid, pages, tuples, visible) where c.oid = s.oid",
                [[row[column] for row in sizes] for column in (0, 2, 3, 4)],
            )

    def _extend(self, oid: int, heap: tuple) -> int:
        """Gives a new index its length and height. Returns its bytes; 0 for the parent of those that have files."""
        _, method, is_unique, path, predicate, _ = self._rows("new_index", oid)[0]
        if not path:
            return 0
        heap_oid, _, table_pages, table_rows, *_ = heap
        keys = tuple(
            Key(is_key=row[0], width_bytes=row[1], distinct_count=row[2], alignment_bytes=row[3], null_fraction=row[4])
            for row in self._rows("index_keys", oid)
        )
        rows = max(table_rows, 0.0) if not predicate else self._rows_where(heap_oid, predicate)
        file = self._data / path
        metapage = file.read_bytes()[:PAGE_BYTES]
        deduplicates = method == "btree" and metapage[_ALL_EQUAL_IMAGE] == 1
        pages = index_size.pages(
            method, rows, keys, is_unique=is_unique, deduplicates=deduplicates, table_pages=table_pages
        )
        if method == "btree" and pages > 1:
            level = btree_pages.height(pages, btree_pages.entry_bytes(index_size.entry_width(keys)))
            metapage = btree_pages.with_height(metapage, level)
        self._replace(oid, file, metapage, pages)
        text = "update pg_catalog.pg_class set relpages = $1, reltuples = $2 where oid = $3::pg_catalog.oid"
        self._ask(text, [pages, rows, oid])
        return pages * PAGE_BYTES

    def _replace(self, oid: int, file: Path, start: bytes, pages: int) -> None:
        """Gives an index another file. Of its own the server has pages in shared buffers, and reads them no more."""
        number = next(self._file_numbers)
        new = file.with_name(str(number))
        owner = file.stat()
        new.write_bytes(start)
        os.chown(new, owner.st_uid, owner.st_gid)
        new.chmod(0o600)
        sparse.extend(new, pages)
        text = "update pg_catalog.pg_class set relfilenode = $1::pg_catalog.oid where oid = $2::pg_catalog.oid"
        self._ask(text, [number, oid])

    def _rows_where(self, table_oid: int, predicate: str) -> float:
        """How many rows the planner expects of a partial index, as the role without privileges."""
        with closing(_connect(self._twin.conninfo())) as owner:
            name = owner.execute(
                "select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class as c"
                " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.oid = $1::pg_catalog.oid",
                [table_oid], binary=True,
            ).fetchone()[0]
            query = sql.SQL("explain (format json) select 1 from only {} where {}").format(
                sql.SQL(name), sql.SQL(predicate)
            )
            return owner.execute(query, binary=True).fetchone()[0][0]["Plan"]["Plan Rows"]

    def _rows(self, name: str, oid: int) -> list[tuple]:
        text = files(__package__).joinpath("queries", f"{name}.sql").read_text("utf-8")
        return self._ask(text, [oid]).fetchall()

    def _ask(self, text: str, parameters: list[Any]) -> psycopg.Cursor:
        """As the twin's superuser. Raises ServerGone where the twin is lost."""
        try:
            return self._admin.execute(text, parameters, binary=True)
        except psycopg.OperationalError as error:
            raise ServerGone(f"the twin was lost: {' '.join(str(error).split())}") from None


def _connect(conninfo: str) -> psycopg.Connection:
    return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.RawCursor)
