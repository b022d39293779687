"""The twin: a throwaway server that plans as production does, from a snapshot, without a row.

The planner decides by the catalog, the statistics and the length of the files. So the schema is created, the statistics
are restored, and each relation's files are made as long as production's, as sparse files that occupy nothing. Plan in it
with EXPLAIN; never ANALYZE, VACUUM, EXPLAIN ANALYZE or read rows: there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dbaudit.errors import AuditError
from dbaudit.facts.database import Database
from dbaudit.facts.server import Server
from dbaudit.facts.snapshot import Omission, PlannerSetting, Snapshot
from dbaudit.lab import (
    column_statistics,
    extended_statistics,
    planner_settings,
    relation_sizes,
    twin_catalog,
    twin_database,
    twin_schema,
)
from dbaudit.lab.binaries import major_of
from dbaudit.lab.creation_order import as_on_the_source, hide_invalid
from dbaudit.lab.server import LabServer, start
from dbaudit.lab.sparse import require_sparse_files
from dbaudit.lab.twin_catalog import TwinCatalog
from dbaudit.lab.twin_guard import Guard
from dbaudit.lab.twin_schema import OWNER

DATABASE = "twin"

# Few connections, a short log, no files of somebody else's making. Temporary files are a superuser's to allow.
_SETTINGS = {
    "max_connections": "20", "shared_buffers": "64MB", "wal_level": "minimal", "max_wal_senders": "0",
    "min_wal_size": "4MB", "max_wal_size": "16MB", "checkpoint_timeout": "1h", "synchronous_commit": "off",
    "temp_file_limit": "256MB", "max_prepared_transactions": "0", "lc_messages": "C",
}
# How a snapshot's names and values are printed, and so how they are to be read.
_AS_TAKEN = (
    "-c search_path= -c datestyle=ISO,YMD -c intervalstyle=postgres -c timezone=UTC -c standard_conforming_strings=on"
)
_STATEMENT_TIMEOUT_MS = 5_000
_LONGEST_BUILD_S = 300.0
_MOST_OCCUPIED_BYTES = 1024**3
_FIRST_WITH_CHECKSUMS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A running twin. Leaving it as a context manager stops its server and removes its files.

    `omissions` are what of the snapshot is not in it, or only as a stub, and why. `catalog` knows its relations with
    their files, as they were when it was built. `settings` are those of the source that its server takes. `hidden` are
    the tables whose statistics the role that took the snapshot could not see, in whole or in part.
    """

    server: LabServer
    major: int
    omissions: tuple[Omission, ...]
    catalog: TwinCatalog
    settings: tuple[PlannerSetting, ...]
    hidden: frozenset[str] = frozenset()

    def conninfo(self, role: str = "") -> str:
        """A libpq connection string for planning: as a role that owns the schemas and is no superuser, with the settings
        that the source's server and database have, and those of the source's `role` where one is named."""
        own = planner_settings.of_role(self.settings, role)
        options = " ".join(f"-c {name}={_escaped(value)}" for name, value in own.items())
        return psycopg.conninfo.make_conninfo(self.server.conninfo(DATABASE, OWNER), options=options)

    def admin_conninfo(self) -> str:
        """A connection string for a superuser of the twin. Call nothing there that the snapshot may have defined."""
        return psycopg.conninfo.make_conninfo(self.server.conninfo(DATABASE), options="-c search_path=")

    def stop(self) -> None:
        self.server.stop()

    def __enter__(self) -> Twin:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def build(
    snapshot: Snapshot, bin_directory: Path, change: Callable[[psycopg.Connection], None] | None = None
) -> Twin:
    """A twin from the binaries in `bin_directory`: choose them by binaries.nearest, for other majors plan otherwise.
    `change` may do what it likes to the schema, as a role that is no superuser, before statistics and sizes are restored.

    No single object fails it: what cannot be created is listed. Raises AuditError where the snapshot is damaged or
    hostile, the file system has no sparse files, or the server does not start. Call it from the main thread, as `start`.
    """
    relation_sizes.require_sane(snapshot.sizes)
    major = major_of(bin_directory)
    options = ["--no-data-checksums"] if major >= _FIRST_WITH_CHECKSUMS else []
    server = start(bin_directory, _SETTINGS, [*options, "--wal-segsize=1"])
    try:
        require_sparse_files(server.directory)
        with Guard(server, _LONGEST_BUILD_S, _MOST_OCCUPIED_BYTES) as guard:
            try:
                omissions, catalog, settings = _fill(server, snapshot, change)
            except psycopg.Error as error:
                reason = guard.reason or " ".join(str(error).split())
                raise AuditError(f"the snapshot cannot be made a twin: {reason}") from error
        with server.stopped() as data_directory:
            relation_sizes.extend_files(data_directory, catalog, snapshot.sizes, snapshot.statistics)
        noted = [*_another_major(snapshot, major), *_row_security(snapshot)]
        return Twin(
            server=server,
            major=major,
            omissions=(*noted, *omissions),
            catalog=catalog,
            settings=settings,
            hidden=frozenset(each.name for each in snapshot.omissions if each.kind == "column statistics"),
        )
    except BaseException:
        server.stop()
        raise


def _fill(
    server: LabServer, snapshot: Snapshot, change: Callable[[psycopg.Connection], None] | None
) -> tuple[list[Omission], TwinCatalog, tuple[PlannerSetting, ...]]:
    with closing(_connect(server.conninfo())) as admin:
        source = next(iter(snapshot.facts.get(Database)), None)
        omissions = twin_database.create(admin, DATABASE, OWNER, source)
    admin_conninfo = psycopg.conninfo.make_conninfo(server.conninfo(DATABASE), options=_AS_TAKEN)
    owner_conninfo = psycopg.conninfo.make_conninfo(
        server.conninfo(DATABASE, OWNER),
        options=f"{_AS_TAKEN} -c check_function_bodies=off -c client_min_messages=error"
        f" -c statement_timeout={_STATEMENT_TIMEOUT_MS}",
    )
    with closing(_connect(admin_conninfo)) as admin:
        with closing(_connect(owner_conninfo)) as owner:
            objects = as_on_the_source(snapshot.objects, snapshot.facts)
            omissions += twin_schema.create(admin, owner, objects, planner_settings.search_path(snapshot.settings))
        if change:
            with closing(_connect(owner_conninfo)) as owner:
                change(owner)
        catalog = twin_catalog.read(admin)
        absent = _absent(snapshot, catalog)
        if not change:
            omissions += _unexplained(absent, omissions)
        # A new session: the snapshot's statements cannot have left anything in it.
        with closing(_connect(owner_conninfo)) as owner:
            known = [one for one in snapshot.statistics if one.relation not in absent]
            omissions += column_statistics.restore(admin, owner, catalog, known)
            omissions += extended_statistics.restore(admin, owner, snapshot.extended_statistics)
        hide_invalid(admin, catalog, snapshot.objects)
        relation_sizes.note(admin, catalog, snapshot.sizes)
        settings, refused = planner_settings.apply(admin, DATABASE, snapshot.settings)
    return omissions + refused, catalog, tuple(settings)


def _connect(conninfo: str) -> psycopg.Connection:
    return psycopg.connect(conninfo, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.RawCursor)


def _another_major(snapshot: Snapshot, major: int) -> Iterable[Omission]:
    for source in snapshot.facts.get(Server):
        if source.major != major:
            reason = f"the twin is PostgreSQL {major}, which plans some statements otherwise"
            yield Omission(kind="server", name=f"PostgreSQL {source.major}", reason=reason)


def _row_security(snapshot: Snapshot) -> Iterable[Omission]:
    reason = "who plans in the twin owns its tables, and policies do not apply to an owner"
    for one in snapshot.objects:
        if one.kind == "row security":
            yield Omission(kind=one.kind, name=one.relation or one.name, reason=reason)


def _absent(snapshot: Snapshot, catalog: TwinCatalog) -> set[str]:
    named = {one.name for one in snapshot.sizes if one.kind in "rmip"} | {one.relation for one in snapshot.statistics}
    return named - catalog.relations.keys()


def _unexplained(absent: set[str], omissions: Iterable[Omission]) -> list[Omission]:
    """Relations that have a size or statistics, and no statement that would have created them."""
    explained = {one.name for one in omissions}
    reason = "it is not in the twin: nothing created it, or what failed to"
    return [Omission(kind="relation", name=name, reason=reason) for name in sorted(absent - explained)]


def _escaped(value: str) -> str:
    """For libpq's `options`, where a space ends an argument."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
