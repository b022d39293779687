"""`lint` against sqlfluff and squawk on the same files: two real schemas, and the demo shop's queries many times over; and
on one file of one statement, which is what a hook runs, against squawk and a Python that does nothing.

The peers are whatever `sqlfluff` and `squawk` are in the PATH, and a peer that is not there is left out. To have them:

    python -m venv peers && peers/bin/pip install sqlfluff squawk-cli && PATH=$PWD/peers/bin:$PATH python benchmarks/run.py

All three run in one process with the checks they have by default. sqlfluff is told to read large files too.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from timing import Comparison, compare

from dbaudit.facts.statement import Kind
from dbaudit.lab.shop import fixture_directory
from dbaudit.sources import sqlfile

DBAUDIT = str(Path(sys.executable).with_name("dbaudit"))
REALWORLD = Path(__file__).parents[1] / "fixtures" / "realworld"
COPIES = 20


def lint(folder: Path) -> Iterator[tuple[str, str, str, Comparison]]:
    """A row a peer: what ours is, the peer with both figures in statements per second, the goal of the ratio, the times."""
    files = _write(folder)
    count = sum(piece.kind is Kind.SQL for file in files for piece in sqlfile.read(str(file)))
    ours = [DBAUDIT, "lint", "-F", "concise", *map(str, files)]
    settings = folder / "sqlfluff.cfg"
    settings.write_text("[sqlfluff]\ndialect = postgres\nlarge_file_skip_byte_limit = 0\nprocesses = 1\n")
    peers = {
        "sqlfluff": (["lint", "--config", str(settings)], 1, "0.033"),
        "squawk": ([], 9, "none"),
    }
    for name, (arguments, runs, goal) in peers.items():
        program = shutil.which(name)
        if program is None:
            print(f"{name} is not in the PATH: left out", file=sys.stderr)
            continue
        result = compare(ours, [program, *arguments, *map(str, files)], runs=runs, peer_codes=(0, 1))
        speeds = f"{count / result.ours_s:,.0f} and {count / result.peer_s:,.0f} statements/s"
        yield f"lint, {count:,} statements", f"{name}: {speeds}", goal, result


def lint_one_file(folder: Path) -> Iterator[tuple[str, str, str, Comparison]]:
    """A row a peer, as `lint` has them."""
    file = folder / "one.sql"
    file.write_text("SELECT id, email FROM customers WHERE id = $1;\n")
    ours = [DBAUDIT, "lint", "-F", "concise", str(file)]
    peers = {"python -c pass": [sys.executable, "-c", "pass"], "squawk": [shutil.which("squawk") or "", str(file)]}
    for name, command in peers.items():
        if command[0]:
            yield "lint, one file", name, "none", compare(ours, command, runs=21, peer_codes=(0, 1))


def _write(folder: Path) -> list[Path]:
    """The files to lint, below a folder of their own."""
    below = folder / "lint"
    below.mkdir()
    for file in REALWORLD.glob("*.sql"):
        shutil.copy(file, below)
    queries = (fixture_directory() / "queries.sql").read_text("utf-8")
    for number in range(COPIES):
        (below / f"queries_{number}.sql").write_text(queries, "utf-8")
    return sorted(below.glob("*.sql"))
