"""All benchmarks, each against its peer in the same run: `python benchmarks/run.py`. Prints a table in Markdown.

Needs dbaudit with its `lab` extra in the Python that runs this; psql is the one that comes with the lab.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from catalog import build_catalog, catalog_queries
from lint import lint, lint_one_file
from statements import write_statements
from timing import Comparison, compare

from dbaudit.lab import shop
from dbaudit.lab.binaries import resolve
from dbaudit.lab.server import start

DBAUDIT = str(Path(sys.executable).with_name("dbaudit"))
HERE = Path(__file__).parent


def startup() -> Iterator[tuple[str, str, float, Comparison]]:
    """--version and --help against the --help of an empty typer application."""
    empty = [sys.executable, str(HERE / "empty_typer.py"), "--help"]
    for option in ("--version", "--help"):
        yield f"dbaudit {option}", "an empty typer application's --help", 1.5, compare([DBAUDIT, option], empty, runs=21)


def explain(folder: Path, bin_directory: Path) -> Iterator[tuple[str, str, float, Comparison]]:
    """`explain --no-analyze` of 200 statements against the same EXPLAINs in a bare psycopg loop."""
    with start(bin_directory) as server:
        shop.load(server.conninfo("postgres"))
        path = folder / "statements.sql"
        write_statements(path)
        ours = [DBAUDIT, "explain", "--no-analyze", "--no-proof", "-F", "json", str(path), server.conninfo()]
        peer = [sys.executable, str(HERE / "bare_explain.py"), str(path), server.conninfo()]
        yield "explain --no-analyze --no-proof, 200 statements", "the same EXPLAINs, bare psycopg loop", 2.0, compare(ours, peer)


def indexes(folder: Path, bin_directory: Path) -> Iterator[tuple[str, str, float, Comparison]]:
    """`indexes` on 10,000 tables and 30,000 indexes against its own SQL sent by psql."""
    with start(bin_directory, {"max_locks_per_transaction": "4096"}) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            build_catalog(connection, tables=10_000)
        path = folder / "queries.sql"
        path.write_text(catalog_queries())
        psql = [str(bin_directory / "psql"), "-X", "-q", "-A", "-t", "-f", str(path), "-d", server.conninfo()]
        ours = [DBAUDIT, "indexes", "-F", "json", server.conninfo()]
        yield "indexes, 10,000 tables and 30,000 indexes", "its own SQL by psql", 2.0, compare(ours, psql, runs=5)


def main() -> None:
    bin_directory = resolve(None)
    print("| ours | against | ours, s | peer, s | ratio | goal | peak memory, MB |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        for rows in (startup(), lint_one_file(path), lint(path), explain(path, bin_directory), indexes(path, bin_directory)):
            for ours, peer, goal, result in rows:
                print(
                    f"| {ours} | {peer} | {result.ours_s:.3f} | {result.peer_s:.3f} | {result.ratio:.2f} | {goal} "
                    f"| {result.peak_bytes / 2**20:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
