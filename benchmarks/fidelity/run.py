"""How true the twin is: plans of a server with real rows against those of its twin. `python benchmarks/fidelity/run.py`.

TPC-H and TPC-DS at scale factor 1, the demo shop and a collection of what these have not are loaded into a throwaway
server. Each is snapshotted, its twin is built, every statement is planned on both. The shape of a plan is all that
EXPLAIN (VERBOSE) prints of its nodes but the estimates; between two majors, which word conditions differently, it is the
nodes, relations, indexes, kinds of join and their order. The cost is the same within 1 %. At the end: a twin of 1,000
tables and a terabyte.

Needs the servers of tests/servers (python3 tests/run.py installs them), the packages that generated.py names, 10 GB of
disk for each source, and five minutes for each on an idle machine. Prints tables in Markdown and below them every statement that differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import large
import psycopg
from causes import ANOTHER_MAJOR, CAUSES, UNKNOWN
from datasets import DataSet, all_data_sets, create
from plans import Comparison, compare, explain

from dbaudit.facts.snapshot import Snapshot
from dbaudit.lab import directory, twin
from dbaudit.lab.server import LabServer, start
from dbaudit.sources.postgres import snapshot
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from majors import bin_directory  # noqa: E402

# Some of the planner's settings are not their defaults, as on a real server: here, and by datasets.create in a database.
SETTINGS = {
    "random_page_cost": "1.1", "effective_cache_size": "8GB", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "8GB", "shared_buffers": "512MB", "maintenance_work_mem": "512MB",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A data set on a server with rows: its snapshot, and the plan of every statement that the server plans."""

    data_set: DataSet
    snapshot: Snapshot
    plans: Mapping[str, dict[str, Any]]
    refusals: Mapping[str, str]


def sources(major: int, data_sets: Sequence[DataSet], wanted: Sequence[str]) -> Iterator[Source]:
    """Loads the data sets into one server of `major` and yields those that are `wanted`, and all where none is named."""
    needed = {name for data_set in data_sets if data_set.name in wanted for name in (data_set.name, data_set.template)}
    with start(bin_directory(major), SETTINGS) as server:
        for data_set in data_sets:
            if not wanted or data_set.name in needed:
                create(server, data_set)
                if not wanted or data_set.name in wanted:
                    yield of_server(server, data_set)


def of_server(server: LabServer, data_set: DataSet) -> Source:
    """What a loaded data set's server says."""
    conninfo = server.conninfo(data_set.name)
    plans, refusals = _explain_all(conninfo, data_set)
    with connect(Address(conninfo=conninfo)) as connection:
        taken = snapshot.take(Session(connection))
    return Source(data_set=data_set, snapshot=taken, plans=plans, refusals=refusals)


def compare_with_twin(source: Source, source_major: int, twin_major: int) -> tuple[list[Comparison], list[str]]:
    """Every statement of the source on a twin of `twin_major`; and what the twin is without or refuses."""
    with twin.build(source.snapshot, bin_directory(twin_major)) as built:
        plans, refusals = _explain_all(built.conninfo(), source.data_set)
        notes = [f"left out: {omission.kind} {omission.name}: {omission.reason}" for omission in built.omissions]
    same_major = source_major == twin_major
    comparisons = [
        compare(question, source.plans[question.name], plans[question.name], same_major=same_major)
        for question in source.data_set.questions
        if question.name in source.plans and question.name in plans
    ]
    notes += [f"{name} has no plan on the twin: {said}" for name, said in refusals.items() if name in source.plans]
    return comparisons, notes


def main() -> None:
    arguments = _arguments()
    # A server with all of these rows is larger than what should be held in memory.
    directory.MEMORY = Path(tempfile.gettempdir())
    differences = _fidelity(all_data_sets(arguments.data), arguments.majors, arguments.only)
    if not arguments.only:
        _size_and_speed()
    print("\n".join(("", "What differs, at the first node where the plans part:", *differences)))


def _fidelity(
    data_sets: Sequence[DataSet], majors: Sequence[tuple[int, tuple[int, ...]]], only: Sequence[str]
) -> list[str]:
    """Prints the table and returns what differs."""
    print("| data set | source and twin | statements | same shape | same cost | worst ratio |\n|---|---|---|---|---|---|")
    differences: list[str] = []
    for major, twins in majors:
        for source in sources(major, data_sets, only):
            name, planned = source.data_set.name, len(source.plans)
            differences += [f"- {name}, {one}: no plan on the source: {said}" for one, said in source.refusals.items()]
            for other in twins:
                comparisons, notes = compare_with_twin(source, major, other)
                print(f"| {name} | {major} → {other} {row(comparisons, planned)}", flush=True)
                differences += [f"- {name}, {major} → {other}: {note}" for note in notes]
                differences += [_told(name, c, major, other) for c in comparisons if c.difference]
    return differences


def row(comparisons: Sequence[Comparison], statements: int) -> str:
    """The figures' cells of the table."""
    shapes = sum(comparison.has_same_shape for comparison in comparisons)
    costs = sum(comparison.has_same_cost for comparison in comparisons)
    worst = max((c.cost_ratio for c in comparisons), key=lambda ratio: max(ratio, 1 / max(ratio, 1e-9)), default=1.0)
    return f"| {statements} | {shapes} | {costs} | {worst:.4f} |"


def _told(data_set: str, comparison: Comparison, major: int, other: int) -> str:
    name = comparison.question.name
    cause = CAUSES.get((data_set, name), UNKNOWN) if major == other else ANOTHER_MAJOR
    return (
        f"- {data_set}, {major} → {other}, {name}, cost × {comparison.cost_ratio:.4f}: {comparison.difference}\n"
        f"  Cause: {cause}\n  {' '.join(comparison.question.text.split())}"
    )


def _size_and_speed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for major in (15, 18):
            figures = large.measure(bin_directory(major), Path(folder))
            print(
                f"\nA twin of {large.TABLES:,} tables and {figures.apparent_bytes / 2**40:.2f} TB, PostgreSQL {major}:"
                f" first plan {figures.first_plan_s:.1f} s after its file of {figures.file_bytes / 2**20:.0f} MB was opened"
                f" (goal 10; {figures.processor_s:.1f} s of processor time with all that follows),"
                f" {figures.occupied_bytes / 2**20:.0f} MiB of real disk (goal 200 MB), EXPLAIN of a join in {figures.explain_ms:.2f} ms, {figures.round_trip_ms:.2f} ms"
                f" of these for the way to the server and back (goal 2 above it)"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kept = Path(tempfile.gettempdir()) / "dbaudit-fidelity"
    parser.add_argument("--data", type=Path, default=kept, help="where generated rows are kept")
    parser.add_argument(
        "--majors", type=_majors, nargs="+", default=[(15, (15, 18)), (18, (18,))], metavar="SOURCE:TWIN[,TWIN]",
        help="the majors of the source and its twins; default: 15:15,18 18:18",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="DATASET", help="only these data sets")
    return parser.parse_args()


def _majors(text: str) -> tuple[int, tuple[int, ...]]:
    source, _, twins = text.partition(":")
    return int(source), tuple(int(major) for major in (twins or source).split(","))


def _explain_all(conninfo: str, data_set: DataSet) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        answers = {question.name: explain(connection, question) for question in data_set.questions}
    plans = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
    return plans, {name: answer for name, answer in answers.items() if isinstance(answer, str)}


if __name__ == "__main__":
    main()
