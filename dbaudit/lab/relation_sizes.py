"""Gives a twin's relations production's sizes: in pg_class, and by the length of their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg

from dbaudit.errors import AuditError
from dbaudit.facts.snapshot import ColumnStatistics, RelationSize
from dbaudit.lab import btree_pages, sparse
from dbaudit.lab.btree_pages import PAGE_BYTES
from dbaudit.lab.twin_catalog import Attribute, Relation, TwinCatalog

# 100 TB: more files than that are the work of a hostile file, not of a database.
_MOST_SEGMENTS = 100_000
_LARGEST_PAGES = 2**32 - 2
_DEFAULT_DISTINCT = 200
_TUPLE_ID_BYTES = 8
# Where ANALYZE has not been: as get_typavgwidth has it.
_DEFAULT_WIDTH_BYTES = 32

_UPDATE = """
update pg_catalog.pg_class as c
set relpages = s.pages, reltuples = s.tuples, relallvisible = s.visible
from rows from (
    pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int4[]),
    pg_catalog.unnest($3::pg_catalog.float4[]), pg_catalog.unnest($4::pg_catalog.int4[])
) as s (oid, pages, tuples, visible)
where c.oid = s.oid
"""


def require_sane(sizes: Iterable[RelationSize]) -> None:
    """Raises AuditError where the sizes cannot be those of a database."""
    total = 0
    for size in sizes:
        for pages in (size.pages, size.all_visible_pages, size.file_pages or 0):
            # A partitioned table that was analyzed has -1 pages.
            if not -1 <= pages <= _LARGEST_PAGES:
                raise AuditError(f"the snapshot is damaged: {size.name} has {pages} pages")
        if not -1 <= size.tuples < float("inf"):
            raise AuditError(f"the snapshot is damaged: {size.name} has {size.tuples} tuples")
        total += sparse.segments(max(file_pages(size), 0))
    if total > _MOST_SEGMENTS:
        raise AuditError(f"the snapshot's relations take {total} files of 1 GB, more than the lab makes")


def file_pages(size: RelationSize) -> int:
    """The length that the relation's file gets: what it was, or where nobody could ask, what was last noted."""
    return max(size.pages if size.file_pages is None else size.file_pages, 0)


def note(admin: psycopg.Connection, catalog: TwinCatalog, sizes: Iterable[RelationSize]) -> None:
    """Writes the sizes into pg_class, as a superuser; those of relations that the twin has not are passed over."""
    known = [(catalog.relations[size.name], size) for size in sizes if size.name in catalog.relations]
    admin.execute(_UPDATE, [
        [relation.oid for relation, _ in known],
        [_block_number(size.pages) for _, size in known],
        [float(size.tuples) for _, size in known],
        [_block_number(size.all_visible_pages) for _, size in known],
    ], binary=True)


def extend_files(
    data_directory: Path, catalog: TwinCatalog, sizes: Iterable[RelationSize], statistics: Iterable[ColumnStatistics]
) -> None:
    """Makes the files as long as production's, and B-trees as high, while the server is stopped.

    Raises AuditError where the file system does not let us.
    """
    heights = _Heights(catalog, statistics)
    for size in sizes:
        relation, pages = catalog.relations.get(size.name), file_pages(size)
        if relation is None or not relation.path or relation.kind not in "rmi" or not pages:
            continue
        path = data_directory / relation.path
        try:
            if relation.access_method == "btree" and pages > 1:
                _raise_height(path, heights.of(relation, pages, size.tuples))
            sparse.extend(path, pages)
        except OSError as error:
            raise AuditError(
                f"a file of {pages * PAGE_BYTES // 1024**2} MB cannot be made for {size.name}: {error.strerror}",
                "set TMPDIR to a directory on a file system with sparse files",
            ) from error


def _raise_height(path: Path, level: int) -> None:
    with path.open("r+b") as file:
        pages = btree_pages.with_height(file.read(PAGE_BYTES), level)
        file.seek(0)
        file.write(pages)


def _block_number(pages: int) -> int:
    """A block number is unsigned; pg_class shows it as a signed integer."""
    return pages if pages < 2**31 else pages - 2**32


class _Heights:
    """The heights of indexes, by what is known of the values in their columns."""

    def __init__(self, catalog: TwinCatalog, statistics: Iterable[ColumnStatistics]) -> None:
        self._statistics: Mapping[tuple[str, str], ColumnStatistics] = {
            (one.relation, one.column): one for one in sorted(statistics, key=lambda one: not one.is_inherited)
        }
        self._names = {relation.oid: relation.name for relation in catalog.relations.values()}
        self._columns = {(one.relation_oid, one.number): one for one in catalog.attributes.values()}

    def of(self, index: Relation, pages: int, rows: float) -> int:
        """The height of an index with an entry for each of `rows` rows.

        An entry above the leaves holds the columns that tell one page's last tuple from the next page's first, and the
        tuple's place where none does (_bt_truncate). That the first k columns tell two neighbors apart is as likely as
        there are combinations of their values for a row.
        """
        width, distinct, bytes_, rest = 0.0, 1.0, 0.0, 1.0
        for number in range(1, index.key_columns + 1):
            column = self._columns.get((index.oid, number))
            if column is None:
                break
            known = self._known(index, column)
            width += self._width(column, known)
            distinct *= _distinct(known, rows)
            tells_apart = 1.0 if rows <= 0 or number == index.key_columns and index.is_unique else min(distinct / rows, 1)
            left = min(rest, 1 - tells_apart)
            bytes_ += (rest - left) * btree_pages.entry_bytes(width)
            rest = left
        return btree_pages.height(pages, bytes_ + rest * btree_pages.entry_bytes(width + _TUPLE_ID_BYTES))

    def _known(self, index: Relation, column: Attribute) -> ColumnStatistics | None:
        if not column.table_number:
            return self._statistics.get((index.name, column.name))
        of_table = self._columns.get((index.table_oid, column.table_number))
        return self._statistics.get((self._names.get(index.table_oid, ""), of_table.name)) if of_table else None

    def _width(self, column: Attribute, known: ColumnStatistics | None) -> float:
        if column.length > 0:
            return column.length
        return known.average_width_bytes if known else _DEFAULT_WIDTH_BYTES


def _distinct(known: ColumnStatistics | None, rows: float) -> float:
    if known is None or not known.distinct_count:
        return _DEFAULT_DISTINCT
    return max(known.distinct_count if known.distinct_count > 0 else -known.distinct_count * rows, 1)
