"""How true the twin is: plans of a server with real rows against those of its twin. `python benchmarks/fidelity/run.py`.

TPC-H and TPC-DS at scale factor 1, the demo shop and a collection of what these have not are loaded into a throwaway
server. Each is snapshotted, its twin is built, every statement is planned on both. The shape of a plan is all that
EXPLAIN (VERBOSE) prints of its nodes but the estimates; between two majors, which word conditions differently, it is the
nodes, relations, indexes, kinds of join and their order. The cost is the same within 1 %.

Needs the servers of tests/servers (python3 tests/run.py installs them), the packages that generated.py names, 10 GB of
disk for each source, and a quarter of an hour. Prints tables in Markdown and below them every statement that differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
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

# Some of the planner's settings are not their defaults, as on a real server: on the server, and on each database.
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
    data_sets = all_data_sets(arguments.data)
    # A server with all of these rows is larger than what should be held in memory.
    directory.MEMORY = Path(tempfile.gettempdir())
    print("| data set | source and twin | statements | same shape | same cost | worst ratio |\n|---|---|---|---|---|---|")
    differences: list[str] = []
    for major, twins in arguments.majors:
        for source in sources(major, data_sets, arguments.only):
            for twin_major in twins:
                comparisons, notes = compare_with_twin(source, major, twin_major)
                where = f"{source.data_set.name}, {major} to {twin_major}"
                print(f"| {source.data_set.name} | {major}, {twin_major} {_row(comparisons, len(source.plans))}", flush=True)
                differences += [f"- {where}: {note}" for note in notes]
                differences += [
                    f"- {where}, {c.question.name} ({c.cost_ratio:.4f}): {c.difference}" for c in comparisons if c.difference
                ]
            differences += [f"- {source.data_set.name}, {n}: the source itself has no plan: {said}" for n, said in source.refusals.items()]
    print("\n".join(("", "Every difference, at the first node where the plans part:", *differences)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "dbaudit-fidelity", help="keeps generated rows here")
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


def _row(comparisons: Sequence[Comparison], statements: int) -> str:
    shapes = sum(comparison.has_same_shape for comparison in comparisons)
    costs = sum(comparison.has_same_cost for comparison in comparisons)
    worst = max((c.cost_ratio for c in comparisons), key=lambda ratio: max(ratio, 1 / ratio if ratio else float("inf")), default=1)
    return f"| {statements} | {shapes} | {costs} | {worst:.4f} |"


if __name__ == "__main__":
    main()
