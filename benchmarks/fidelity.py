"""How faithful a twin is: TPC-H in a real server, its snapshot's twin, and every plan of the two side by side.

    python benchmarks/fidelity.py [--scale 1] [--bin DIRECTORY] [--twin-bin DIRECTORY] [--indexes] [--verbose]

Needs `pip install tpchgen-cli duckdb duckdb-extension-tpch` (the rows, and the queries' text). Prints, for each statement
that differs, both plans; then how many have the same shape (nodes, relations, indexes, join order) and cost within 1 %.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg

from dbaudit.lab import twin
from dbaudit.lab.binaries import resolve
from dbaudit.lab.server import start
from dbaudit.lab.twin_guard import occupied_bytes
from dbaudit.sources.postgres.connection import Address, connect
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.snapshot import take

SETTINGS = {
    "shared_buffers": "512MB", "max_wal_size": "4GB", "wal_level": "minimal", "max_wal_senders": "0",
    "maintenance_work_mem": "512MB",
}
SCHEMA = """
create table region (r_regionkey integer, r_name char(25) not null, r_comment varchar(152));
create table nation (n_nationkey integer, n_name char(25) not null, n_regionkey integer not null, n_comment varchar(152));
create table part (p_partkey bigint, p_name varchar(55) not null, p_mfgr char(25) not null, p_brand char(10) not null,
    p_type varchar(25) not null, p_size integer not null, p_container char(10) not null,
    p_retailprice numeric(15, 2) not null, p_comment varchar(23) not null);
create table supplier (s_suppkey bigint, s_name char(25) not null, s_address varchar(40) not null,
    s_nationkey integer not null, s_phone char(15) not null, s_acctbal numeric(15, 2) not null,
    s_comment varchar(101) not null);
create table partsupp (ps_partkey bigint, ps_suppkey bigint, ps_availqty integer not null,
    ps_supplycost numeric(15, 2) not null, ps_comment varchar(199) not null);
create table customer (c_custkey bigint, c_name varchar(25) not null, c_address varchar(40) not null,
    c_nationkey integer not null, c_phone char(15) not null, c_acctbal numeric(15, 2) not null,
    c_mktsegment char(10) not null, c_comment varchar(117) not null);
create table orders (o_orderkey bigint, o_custkey bigint not null, o_orderstatus char(1) not null,
    o_totalprice numeric(15, 2) not null, o_orderdate date not null, o_orderpriority char(15) not null,
    o_clerk char(15) not null, o_shippriority integer not null, o_comment varchar(79) not null);
create table lineitem (l_orderkey bigint, l_partkey bigint not null, l_suppkey bigint not null, l_linenumber integer,
    l_quantity numeric(15, 2) not null, l_extendedprice numeric(15, 2) not null, l_discount numeric(15, 2) not null,
    l_tax numeric(15, 2) not null, l_returnflag char(1) not null, l_linestatus char(1) not null,
    l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null, l_shipinstruct char(25) not null,
    l_shipmode char(10) not null, l_comment varchar(44) not null);
"""
TABLES = ("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem")
KEYS = """
alter table region add primary key (r_regionkey);
alter table nation add primary key (n_nationkey);
alter table part add primary key (p_partkey);
alter table supplier add primary key (s_suppkey);
alter table partsupp add primary key (ps_partkey, ps_suppkey);
alter table customer add primary key (c_custkey);
alter table orders add primary key (o_orderkey);
alter table lineitem add primary key (l_orderkey, l_linenumber);
alter table nation add foreign key (n_regionkey) references region;
alter table supplier add foreign key (s_nationkey) references nation;
alter table partsupp add foreign key (ps_suppkey) references supplier;
alter table customer add foreign key (c_nationkey) references nation;
alter table orders add foreign key (o_custkey) references customer;
alter table lineitem add foreign key (l_orderkey) references orders;
"""
INDEXES = """
create index on lineitem (l_partkey, l_suppkey);
create index on lineitem (l_shipdate) include (l_discount, l_quantity);
create index on lineitem (l_suppkey);
create index on lineitem (l_receiptdate) where l_commitdate < l_receiptdate;
create index on orders (o_custkey);
create index on orders (o_orderdate, o_orderkey);
create index on partsupp (ps_suppkey);
create index on part (p_type, p_size);
create index on part (lower(p_name));
create index on customer (c_mktsegment, c_nationkey);
create index on supplier (s_nationkey);
"""
SHAPE = (
    "Node Type", "Parent Relationship", "Relation Name", "Alias", "Index Name", "Join Type", "Strategy", "Partial Mode",
    "Scan Direction", "Sort Key", "Hash Cond", "Merge Cond", "Index Cond", "Workers Planned",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="TPC-H plans of a server and of its snapshot's twin")
    parser.add_argument("--scale", default="1", help="TPC-H's scale factor")
    parser.add_argument("--bin", type=Path, help="bin directory of the source's PostgreSQL")
    parser.add_argument("--twin-bin", type=Path, help="bin directory of the twin's, if another")
    parser.add_argument("--indexes", action="store_true", help="with secondary indexes")
    parser.add_argument("--verbose", action="store_true", help="print both plans where they differ")
    arguments = parser.parse_args()
    source_bin = resolve(arguments.bin)
    queries = dict(tpch_queries())
    with start(source_bin, SETTINGS) as source:
        load(source.conninfo(), arguments.scale, with_indexes=arguments.indexes)
        with closing(Session(connect(Address(conninfo=source.conninfo())))) as session:
            taken, snapshot = seconds(lambda: take(session))
        built, copy = seconds(lambda: twin.build(snapshot, resolve(arguments.twin_bin) if arguments.twin_bin else source_bin))
        with copy:
            print(f"snapshot {taken:.1f} s, twin {built:.1f} s, {occupied_bytes(copy.server.directory) / 1024**2:.0f} MB")
            for omission in copy.omissions:
                print(f"  omitted: {omission.kind} {omission.name}: {omission.reason}")
            compare(source.conninfo(), copy.conninfo(), queries, verbose=arguments.verbose)


def load(conninfo: str, scale: str, *, with_indexes: bool) -> None:
    """Generates the rows, table by table, and copies them in."""
    with psycopg.connect(conninfo, autocommit=True) as admin, tempfile.TemporaryDirectory() as place:
        admin.execute(SCHEMA)
        command = [shutil.which("tpchgen-cli") or "tpchgen-cli", "csv", "-s", scale, "-o", place]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for table in TABLES:
            with admin.cursor() as cursor, cursor.copy(f"copy {table} from stdin (format csv, header)") as copy:
                with (Path(place) / f"{table}.csv").open("rb") as rows:
                    while block := rows.read(1024 * 1024):
                        copy.write(block)
        admin.execute(KEYS)
        if with_indexes:
            admin.execute(INDEXES)
        admin.execute("vacuum (analyze)")


def tpch_queries() -> Iterator[tuple[str, str]]:
    """The 22 statements with the specification's validation parameters."""
    import duckdb

    package = importlib.util.find_spec("duckdb_extension_tpch")
    (extension,) = Path(package.submodule_search_locations[0]).rglob("*.duckdb_extension")
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"load '{extension}'")
    for number, text in connection.execute("select query_nr, query from tpch_queries() order by 1").fetchall():
        yield f"q{number:02}", text.rstrip().rstrip(";")


def compare(source: str, copy: str, queries: dict[str, str], *, verbose: bool) -> None:
    same_shape = near = 0
    with psycopg.connect(source, autocommit=True) as real, psycopg.connect(copy, autocommit=True) as twinned:
        for name, text in queries.items():
            expected, planned = (plan(connection, text) for connection in (real, twinned))
            ratio = planned["Total Cost"] / expected["Total Cost"]
            is_same, is_near = shape(expected) == shape(planned), abs(ratio - 1) <= 0.01
            same_shape, near = same_shape + is_same, near + is_near
            print(f"{name}  {'same' if is_same else 'OTHER'} shape  cost {expected['Total Cost']:.2f}  ratio {ratio:.4f}")
            if verbose and not (is_same and is_near):
                print(*outline(expected), "", *outline(planned), "", sep="\n")
    print(f"{same_shape} of {len(queries)} plans have the same shape, {near} of {len(queries)} costs are within 1 %")


def plan(connection: psycopg.Connection, text: str) -> dict:
    return connection.execute(f"explain (format json) {text}").fetchone()[0][0]["Plan"]


def shape(node: dict) -> tuple:
    return tuple(str(node.get(key)) for key in SHAPE), tuple(shape(inner) for inner in node.get("Plans", ()))


def outline(node: dict, depth: int = 0) -> Iterator[str]:
    condition = node.get("Index Cond") or node.get("Hash Cond") or node.get("Filter") or ""
    of = " ".join(node[key] for key in ("Relation Name", "Index Name") if key in node)
    figures = f"cost={node['Startup Cost']}..{node['Total Cost']} rows={node['Plan Rows']} width={node['Plan Width']}"
    yield f"    {'  ' * depth}{node['Node Type']} {of} {figures} {condition}"
    for inner in node.get("Plans", ()):
        yield from outline(inner, depth + 1)


def seconds(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
