"""Size and speed: the twin of 1,000 tables and a terabyte, from the snapshot's file to the first plan and the next ones."""

from __future__ import annotations

import os
import resource
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from dbaudit.facts.snapshot import RelationSize, Snapshot
from dbaudit.lab import twin
from dbaudit.lab.server import start
from dbaudit.sources import snapshot as files
from dbaudit.sources.postgres import snapshot
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

TABLES = 1_000
APPARENT_BYTES = 1 << 40
PAGE_BYTES = 8192
STATEMENTS = 300
_BATCH = 100
_TABLE = """
CREATE TABLE t{n} (
    id bigint PRIMARY KEY, parent bigint NOT NULL REFERENCES t{parent}, kind text NOT NULL, amount numeric(12,2) NOT NULL,
    made_at timestamptz NOT NULL, note text, tags text[] NOT NULL, is_open boolean NOT NULL
);
INSERT INTO t{n} SELECT i, 1 + i % 100, 'kind' || i % 9, i * 1.5, '2024-01-01'::timestamptz + i * interval '1 hour',
    md5(i::text), ARRAY['a' || i % 5, 'b' || i % 30], i % 10 = 0 FROM generate_series(1, 300) AS i;
CREATE INDEX ON t{n} (parent, made_at);
CREATE INDEX ON t{n} (kind, amount) WHERE is_open;
"""
_STATEMENT = """
    SELECT a.kind, sum(b.amount) FROM t{a} a JOIN t{b} b ON b.parent = a.id
    WHERE a.parent = 7 AND b.made_at > '2024-01-05' GROUP BY a.kind ORDER BY 2 DESC LIMIT 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds from the snapshot's file to the first plan; processor seconds of all processes until the twin was stopped
    again, which tell more on a busy machine; bytes of the file, bytes that the relations seem to have and that the twin's
    whole directory really occupies; milliseconds for EXPLAIN of one more statement, and of an empty one: what libpq and
    the way to the server cost by themselves."""

    first_plan_s: float
    processor_s: float
    file_bytes: int
    apparent_bytes: int
    occupied_bytes: int
    explain_ms: float
    round_trip_ms: float


def measure(bin_directory: Path, folder: Path) -> Figures:
    """Builds the schema in a throwaway server, has its snapshot say that it is large, and builds that one's twin."""
    path = folder / "large.dbaudit.json"
    files.write(_grown(_snapshot(bin_directory)), path)
    started, processor_before_s = time.perf_counter(), _processor_s()
    with twin.build(files.read(path), bin_directory) as built:
        with psycopg.connect(built.conninfo(), autocommit=True) as connection:
            connection.execute("EXPLAIN " + _STATEMENT.format(a=1, b=2))
            first_plan_s = time.perf_counter() - started
            texts = [f"EXPLAIN (FORMAT JSON) {_STATEMENT.format(a=n, b=n + 1)}" for n in range(1, STATEMENTS + 1)]
            explain_ms = _median_ms(connection, texts)
            round_trip_ms = _median_ms(connection, [""] * STATEMENTS)
        apparent_bytes, occupied_bytes = _sizes(built.server.directory)
    return Figures(
        first_plan_s=first_plan_s, processor_s=_processor_s() - processor_before_s, file_bytes=path.stat().st_size,
        apparent_bytes=apparent_bytes, occupied_bytes=occupied_bytes, explain_ms=explain_ms,
        round_trip_ms=round_trip_ms,
    )


def _snapshot(bin_directory: Path) -> Snapshot:
    with start(bin_directory, {"max_locks_per_transaction": "1024"}) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            for first in range(1, TABLES + 1, _BATCH):
                made = range(first, min(first + _BATCH, TABLES + 1))
                connection.execute("".join(_TABLE.format(n=n, parent=max(1, n - 1)) for n in made))
            connection.execute("ANALYZE")
        with connect(Address(conninfo=server.conninfo())) as connection:
            return snapshot.take(Session(connection))


def _grown(small: Snapshot) -> Snapshot:
    """The snapshot with all relations so much larger that they are APPARENT_BYTES together."""
    factor = APPARENT_BYTES / PAGE_BYTES / sum(size.pages for size in small.sizes)
    return replace(small, sizes=tuple(_times(size, factor) for size in small.sizes))


def _times(size: RelationSize, factor: float) -> RelationSize:
    pages = int(size.pages * factor)
    return replace(size, pages=pages, file_pages=pages, tuples=size.tuples * factor if size.tuples > 0 else size.tuples)


def _processor_s() -> float:
    """Of this process and of all that it started and that have ended."""
    return sum(
        used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _median_ms(connection: psycopg.Connection, texts: list[str]) -> float:
    times = []
    for text in texts:
        started = time.perf_counter()
        connection.execute(text)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _sizes(directory: Path) -> tuple[int, int]:
    seen = [os.lstat(os.path.join(folder, name)) for folder, _, names in os.walk(directory) for name in names]
    return sum(entry.st_size for entry in seen), sum(entry.st_blocks * 512 for entry in seen)
