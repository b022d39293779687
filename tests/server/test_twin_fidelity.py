"""A twin plans as the server that its snapshot is of: the same nodes, relations, indexes and costs, on every major."""

from contextlib import closing
from pathlib import Path

import psycopg
from majors import bin_directory

from dbaudit.lab import twin
from dbaudit.sources import sqlfile
from dbaudit.sources.postgres.snapshot import take

FIXTURE = Path(__file__).parents[2] / "fixtures" / "twin"
COMPARED = (
    "Node Type", "Parent Relationship", "Relation Name", "Schema", "Alias", "Index Name", "Join Type", "Strategy",
    "Partial Mode", "Scan Direction", "Workers Planned", "Sort Key", "Group Key", "Hash Cond", "Merge Cond", "Index Cond",
    "Recheck Cond", "Join Filter", "Filter", "Subplans Removed",
)


def connected(conninfo):
    return closing(psycopg.connect(conninfo, autocommit=True, cursor_factory=psycopg.RawCursor))


def plan(connection, statement):
    return connection.execute(f"explain (format json, verbose) {statement}", binary=True).fetchone()[0][0]["Plan"]


def shape(node):
    return [node.get(key) for key in COMPARED], [shape(inner) for inner in node.get("Plans", ())]


def test_every_plan_is_the_sources(database):
    database.run(*(statement.text for statement in sqlfile.read(str(FIXTURE / "source.sql"))))
    statements = [statement.text for statement in sqlfile.read(str(FIXTURE / "queries.sql"))]
    with closing(database.session()) as session:
        snapshot = take(session)
    with twin.build(snapshot, bin_directory(database.major)) as built:
        assert built.omissions == ()
        assert len(statements) == 38
        with connected(database.conninfo()) as source, connected(built.conninfo()) as planner:
            for statement in statements:
                expected, planned = plan(source, statement), plan(planner, statement)
                assert shape(planned) == shape(expected), statement
                assert abs(planned["Total Cost"] / expected["Total Cost"] - 1) < 0.01, statement
