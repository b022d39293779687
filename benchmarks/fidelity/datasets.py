"""What is loaded into the source, and the statements that are planned on it and on its twin."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import generated
import psycopg

from dbaudit.lab import shop
from dbaudit.lab.server import LabServer
from dbaudit.sources import sqlfile

SQL = Path(__file__).parent / "sql"

# The dimension behind a fact table's key, by how the key's name ends.
_DIMENSIONS = {
    "date_sk": "date_dim", "time_sk": "time_dim", "item_sk": "item", "customer_sk": "customer",
    "cdemo_sk": "customer_demographics", "hdemo_sk": "household_demographics", "addr_sk": "customer_address",
    "store_sk": "store",
    "promo_sk": "promotion", "warehouse_sk": "warehouse", "ship_mode_sk": "ship_mode", "reason_sk": "reason",
    "call_center_sk": "call_center", "catalog_page_sk": "catalog_page", "web_page_sk": "web_page", "web_site_sk": "web_site",
}
_FACT_TABLES = re.compile(r"(\w+_(?:sales|returns)|inventory)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A statement to plan, and the literals of its parameters."""

    name: str
    text: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A database of the source: `load` fills it, all but the statistics are there afterwards; or, where `template` names
    another data set, it is a copy of that one as it was loaded. Then `further` SQL, ANALYZE, and `afterwards` SQL."""

    name: str
    questions: tuple[Question, ...]
    load: Callable[[LabServer, str], None] | None = None
    template: str = ""
    further: str = ""
    gathering: str = "ANALYZE"
    afterwards: str = ""


def all_data_sets(directory: Path) -> tuple[DataSet, ...]:
    """Every data set, those that are copied before their copies. Generated files are kept in `directory`."""
    h, ds = generated.tpch(directory), generated.tpcds(directory)
    of_h, of_ds = _queries(h), _queries(ds)
    return (
        DataSet(name="shop", questions=_shop_questions(), load=_load_shop),
        DataSet(name="kinds", questions=_named(SQL / "kinds_queries.sql"), load=_load_kinds, afterwards=_sql("kinds_after")),
        DataSet(name="tpch", questions=of_h, load=lambda server, name: _load_tpch(server, name, h)),
        DataSet(
            name="tpch_indexed", questions=of_h, template="tpch", further=_sql("tpch_indexes"), gathering="VACUUM (ANALYZE)"
        ),
        DataSet(
            name="tpch_grown", questions=of_h, template="tpch", further=_sql("tpch_indexes"), afterwards=_sql("tpch_grown")
        ),
        DataSet(name="tpcds", questions=of_ds, load=lambda server, name: _load_tpcds(server, name, ds)),
        DataSet(
            name="tpcds_indexed", questions=of_ds, template="tpcds", further=_sql("tpcds_indexes") + _foreign_keys(ds),
            gathering="VACUUM (ANALYZE)",
        ),
    )


def create(server: LabServer, data_set: DataSet) -> None:
    """Makes the data set's database on a throwaway server, filled and analyzed."""
    template = f" TEMPLATE {data_set.template}" if data_set.template else ""
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {data_set.name}{template}")
        admin.execute(f"ALTER DATABASE {data_set.name} SET work_mem = '16MB'")
    if data_set.load:
        data_set.load(server, data_set.name)
    with psycopg.connect(server.conninfo(data_set.name), autocommit=True) as connection:
        if data_set.further:
            connection.execute(data_set.further)
        connection.execute(data_set.gathering)
        if data_set.afterwards:
            connection.execute(data_set.afterwards)


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def _queries(folder: Path) -> tuple[Question, ...]:
    """DuckDB's own wording of the queries, which PostgreSQL understands too."""
    files = sorted((folder / "queries").glob("*.sql"))
    return tuple(Question(name=file.stem, text=file.read_text().strip().rstrip(";")) for file in files)


def _named(path: Path) -> tuple[Question, ...]:
    return tuple(Question(name=statement.name, text=statement.text) for statement in sqlfile.read(str(path)))


def _shop_questions() -> tuple[Question, ...]:
    statements = sqlfile.read(str(shop.fixture_directory() / "queries.sql"))
    literals = {"customer_orders": ("4711", "'2024-01-01'")}
    return tuple(Question(name=s.name, text=s.text, parameters=literals.get(s.name, ())) for s in statements)


def _load_shop(server: LabServer, name: str) -> None:
    shop.load(server.conninfo(name))


def _load_kinds(server: LabServer, name: str) -> None:
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        connection.execute(_sql("kinds"))


def _load_tpch(server: LabServer, name: str, folder: Path) -> None:
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        connection.execute(_sql("tpch"))
        _copy(connection, folder)
        connection.execute(_sql("tpch_keys"))


def _load_tpcds(server: LabServer, name: str, folder: Path) -> None:
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        connection.execute((folder / "schema.sql").read_text())
        _copy(connection, folder)
        connection.execute(_sql("tpcds_keys"))


def _copy(connection: psycopg.Connection, folder: Path) -> None:
    for file in sorted(folder.glob("*.csv")):
        with connection.cursor().copy(f"COPY {file.stem} FROM STDIN (FORMAT csv, HEADER)") as copy, file.open("rb") as rows:
            while piece := rows.read(1 << 20):
                copy.write(piece)


def _foreign_keys(folder: Path) -> str:
    """The fact tables' foreign keys, not validated: that would take longer than all else, and plans do not care."""
    made = []
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", (folder / "schema.sql").read_text(), re.DOTALL):
        if _FACT_TABLES.fullmatch(table):
            made += [
                f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {_DIMENSIONS[ending]} NOT VALID;\n"
                for column in re.findall(r"^ +(\w+_sk) ", body, re.MULTILINE)
                for ending in _DIMENSIONS if column.endswith("_" + ending)
            ]
    return "".join(made)
