"""TPC-H and TPC-DS at scale factor 1, rows and queries, as CSV and SQL files that are made once and kept.

The rows of TPC-H come from tpchgen-cli, all else from DuckDB's extensions, which are packages too:

    pip install tpchgen-cli duckdb duckdb-extension-tpch duckdb-extension-tpcds
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

SCALE = 1
_MISSING = "install what makes the rows: pip install tpchgen-cli duckdb duckdb-extension-tpch duckdb-extension-tpcds"
_TYPES = {"VARCHAR": "varchar", "BIGINT": "bigint", "INTEGER": "integer", "DATE": "date"}


def tpch(directory: Path) -> Path:
    """The folder with `TABLE.csv` (a header, commas) and `queries/NN.sql`; made below `directory` where it is not there."""
    folder = directory / "tpch"
    if not _is_done(folder):
        program = Path(sys.executable).with_name("tpchgen-cli")
        if not program.exists():
            raise SystemExit(_MISSING)
        subprocess.run([program, "csv", "-s", str(SCALE), f"--output-dir={folder}"], check=True, stdout=subprocess.DEVNULL)
        _write_queries(_duckdb("tpch"), "tpch", folder)
        _done(folder)
    return folder


def tpcds(directory: Path) -> Path:
    """As `tpch`, and `schema.sql`: DuckDB's own columns, which are the specification's but for the width of texts."""
    folder = directory / "tpcds"
    if not _is_done(folder):
        database = _duckdb("tpcds")
        database.execute(f"CALL dsdgen(sf = {SCALE})")
        tables = [name for (name,) in database.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        (folder / "schema.sql").write_text("".join(_create_table(database, table) for table in tables))
        for table in tables:
            database.execute(f"COPY {table} TO '{folder / table}.csv' (HEADER)")
        _write_queries(database, "tpcds", folder)
        _done(folder)
    return folder


def _is_done(folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "done").exists()


def _done(folder: Path) -> None:
    (folder / "done").touch()


def _duckdb(extension: str) -> Any:
    try:
        duckdb = importlib.import_module("duckdb")
        package = Path(importlib.import_module(f"duckdb_extension_{extension}").__file__).parent
    except ImportError as error:
        raise SystemExit(_MISSING) from error
    database = duckdb.connect()
    database.execute(f"LOAD '{package}/extensions/v{duckdb.__version__}/{extension}.duckdb_extension'")
    return database


def _create_table(database: Any, table: str) -> str:
    question = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
    columns = database.execute(question, [table]).fetchall()
    lines = ",\n".join(f"    {name} {_TYPES.get(kind, kind.replace('DECIMAL', 'numeric'))}" for name, kind in columns)
    return f"CREATE TABLE {table} (\n{lines}\n);\n"


def _write_queries(database: Any, extension: str, folder: Path) -> None:
    (folder / "queries").mkdir(exist_ok=True)
    for number, text in database.execute(f"SELECT query_nr, query FROM {extension}_queries()").fetchall():
        (folder / "queries" / f"{number:02}.sql").write_text(text)
