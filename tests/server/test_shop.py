"""The demo shop is the same on the oldest and the newest major, and each of its faults is really there."""

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from majors import bin_directory

import dbaudit
from dbaudit.errors import AuditError
from dbaudit.lab import shop
from dbaudit.lab.server import start
from dbaudit.sources import sqlfile

QUERIES = sqlfile.read(str(shop.fixture_directory() / "queries.sql"))
STATEMENTS = {statement.name: statement.text for statement in QUERIES}
HEALTHY = sorted(STATEMENTS.keys() - shop.FAULTS.keys())
TABLES = {
    "customers": 60_000, "addresses": 80_000, "categories": 56, "products": 8_000, "orders": 250_000,
    "order_items": 1_031_022, "payments": 249_750, "shipments": 245_840, "reviews": 60_000, "carts": 15_000,
    "events": 200_000,
}


class Shop:
    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.admin = psycopg.connect(conninfo, autocommit=True)

    def rows(self, query: str) -> list[tuple]:
        return self.admin.execute(query).fetchall()

    def values(self, query: str) -> set:
        return {row[0] for row in self.rows(query)}

    def nodes(self, name: str, *, analyze: bool = True) -> list[dict]:
        """The nodes of a statement's plan, from the top; one with parameters is planned for any of their values."""
        text = STATEMENTS[name]
        with self.admin.transaction(force_rollback=True):
            if "$1" in text:
                self.admin.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                self.admin.execute(f"PREPARE asked AS {text}")
                text = "EXECUTE asked (4711, '2024-01-01')"
            (plan,) = self.rows(f"EXPLAIN (ANALYZE {analyze}, FORMAT JSON) {text}")[0]
            self.admin.execute("DEALLOCATE ALL")
        return list(below(plan[0]["Plan"]))


def below(node: dict) -> Iterator[dict]:
    yield node
    for child in node.get("Plans", ()):
        yield from below(child)


@pytest.fixture(scope="module")
def shops() -> Iterator[dict[int, Shop]]:
    with ExitStack() as stack:
        loaded = {}
        for major in (14, 18):
            server = stack.enter_context(start(bin_directory(major), shop.SETTINGS))
            with psycopg.connect(server.conninfo(), autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {shop.DATABASE}")
            shop.load(server.conninfo(shop.DATABASE))
            loaded[major] = Shop(server.conninfo(shop.DATABASE))
            stack.callback(loaded[major].admin.close)
        yield loaded


@pytest.fixture(params=(14, 18), ids=("pg14", "pg18"))
def loaded(request: pytest.FixtureRequest, shops: dict[int, Shop]) -> Shop:
    return shops[request.param]


def only(nodes: list[dict], kind: str) -> dict:
    (node,) = (node for node in nodes if node["Node Type"] == kind)
    return node


def rows_of(node: dict, figure: str = "Actual Rows") -> float:
    return node[figure] * node["Actual Loops"]


def test_the_rows_are_the_same_on_every_major(shops):
    def contents(table: str) -> list[list[tuple]]:
        query = f"SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {table} AS t"
        return [one.rows(query) for one in shops.values()]

    for table, count in TABLES.items():
        oldest, newest = contents(table)
        assert oldest == newest, table
        assert oldest[0][0] == count, table


def test_the_business_is_believable(loaded):
    assert loaded.rows(
        "SELECT count(*) FROM orders JOIN customers AS c ON c.id = customer_id WHERE placed_at < c.created_at"
    ) == [(0,)]
    assert loaded.rows(
        "WITH i AS (SELECT order_id AS id, sum(quantity * unit_price_cents) AS cents FROM order_items GROUP BY 1)"
        " SELECT count(*) FROM orders JOIN i USING (id)"
        " WHERE total_cents <> cents + CASE WHEN cents < 5000 THEN 490 ELSE 0 END"
    ) == [(0,)]
    assert loaded.rows("SELECT count(*) FILTER (WHERE status = 'delivered') * 100 / count(*) FROM orders") == [(97,)]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_statement_has_a_healthy_plan(loaded, name):
    nodes = loaded.nodes(name, analyze=name != "mark_shipped")
    assert {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} <= {"categories"}
    for node in nodes:
        assert node.get("Rows Removed by Filter", 0) < 100
        assert node.get("Heap Fetches", 0) == 0
        assert node.get("Sort Space Type", "Memory") == "Memory"


def test_login_in_any_case_reads_every_customer_although_the_email_is_indexed(loaded):
    scan = only(loaded.nodes("login_any_case"), "Seq Scan")
    assert scan["Filter"] == "(lower(email) = 'alexis.4711@example.org'::text)"
    assert scan["Rows Removed by Filter"] == 59_999
    assert loaded.rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'customers' AND indexdef LIKE '%email%'") == [
        ("CREATE UNIQUE INDEX customers_email_key ON public.customers USING btree (email)",)
    ]


def test_takings_of_a_date_read_every_order_although_the_time_is_indexed(loaded):
    scan = only(loaded.nodes("takings_of_a_date"), "Seq Scan")
    assert scan["Filter"] == "((placed_at)::date = '2025-11-28'::date)"
    assert rows_of(scan, "Rows Removed by Filter") == pytest.approx(250_000 - rows_of(scan), abs=5)
    assert only(loaded.nodes("takings_of_a_day"), "Index Scan")["Index Name"] == "orders_placed_at_idx"


def test_product_sales_read_every_line_for_a_few_hundred(loaded):
    scan = only(loaded.nodes("product_sales"), "Seq Scan")
    assert scan["Relation Name"] == "order_items"
    assert rows_of(scan) == pytest.approx(386, abs=2)
    assert rows_of(scan, "Rows Removed by Filter") == pytest.approx(1_031_022 - 386, abs=5)


def test_the_offset_walk_reads_what_it_does_not_show(loaded):
    limit, scan = loaded.nodes("admin_orders_page")
    assert (limit["Node Type"], limit["Actual Rows"]) == ("Limit", 50)
    assert (scan["Index Name"], scan["Actual Rows"]) == ("orders_pkey", 150_050)


def test_the_page_by_key_shows_the_same_orders_as_the_offset_walk(loaded):
    assert loaded.rows(STATEMENTS["admin_orders_after"]) == loaded.rows(STATEMENTS["admin_orders_page"])


def test_refunds_of_a_month_are_picked_from_all_orders_of_the_month(loaded):
    scan = only(loaded.nodes("refunds_of_a_month"), "Index Scan")
    assert scan["Index Name"] == "orders_placed_at_idx"
    assert scan["Rows Removed by Filter"] > 99 * scan["Actual Rows"] > 0


def test_the_longest_silence_is_sorted_on_disk(loaded):
    sorts = [node for node in loaded.nodes("longest_silence") if node.get("Sort Space Type") == "Disk"]
    assert [node["Sort Method"] for node in sorts] == ["external merge"]
    assert 4096 < sorts[0]["Sort Space Used"] < 12_000


def test_norwegians_are_underestimated_and_better_statistics_change_the_plan(loaded):
    nodes = loaded.nodes("norwegian_regulars")
    scan = only(nodes, "Bitmap Heap Scan")
    assert (scan["Relation Name"], scan["Plan Rows"], scan["Actual Rows"]) == ("customers", 1, 605)
    assert only(nodes, "Nested Loop")
    with loaded.admin.transaction(force_rollback=True):
        loaded.admin.execute("CREATE STATISTICS habits (dependencies) ON country, currency, locale FROM customers")
        loaded.admin.execute("ANALYZE customers")
        assert only(loaded.nodes("norwegian_regulars"), "Hash Join")


def test_the_yearly_report_is_slow_and_nothing_else(loaded):
    nodes = loaded.nodes("takings_by_category")
    assert {node["Node Type"] for node in nodes} == {"Sort", "Aggregate", "Hash Join", "Hash", "Seq Scan"}
    assert sum(node["Actual Rows"] for node in nodes if node.get("Relation Name") == "order_items") == 1_031_022
    assert not any("Rows Removed by Filter" in node or node.get("Hash Batches", 1) > 1 for node in nodes)


def test_every_fault_is_in_a_statement_and_one_selects_a_star():
    assert shop.FAULTS.keys() < STATEMENTS.keys()
    assert [name for name, text in STATEMENTS.items() if "SELECT *" in text] == ["customer_profile"]


def test_two_foreign_keys_have_no_index(loaded):
    assert loaded.values(
        "SELECT conname FROM pg_constraint AS c WHERE contype = 'f' AND NOT EXISTS (SELECT FROM pg_index"
        " WHERE indrelid = conrelid AND indisvalid AND indpred IS NULL AND indkey[0] = conkey[1])"
    ) == {"order_items_product_id_fkey", "categories_parent_id_fkey"}
    assert loaded.rows("SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'products'") == [(3,)]
    assert loaded.rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'order_items'")[0][0] >= 3


def test_two_pairs_of_indexes_overlap(loaded):
    pairs = (
        "SELECT a.indexrelid::regclass::text, b.indexrelid::regclass::text FROM pg_index AS a JOIN pg_index AS b"
        " ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid AND a.indisvalid AND b.indisvalid"
        " WHERE a.indrelid >= 16384 AND "
    )
    assert sorted(loaded.rows(f"{pairs} a.indkey = b.indkey")) == [
        ("products_sku_idx", "products_sku_key"), ("products_sku_key", "products_sku_idx")
    ]
    assert loaded.rows(f"{pairs} NOT a.indisunique AND b.indkey::text LIKE a.indkey::text || ' %'") == [
        ("orders_customer_id_idx", "orders_customer_id_placed_at_idx")
    ]


def test_one_large_index_is_unused_and_serves_nothing_else(loaded):
    assert loaded.rows(
        "SELECT indexrelname, pg_relation_size(indexrelid) > 1024 * 1024"
        " FROM pg_stat_user_indexes AS s JOIN pg_index AS i USING (indexrelid)"
        " WHERE idx_scan = 0 AND NOT indisunique AND pg_relation_size(indexrelid) > 512 * 1024 AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = i.indrelid AND conkey[1] = indkey[0])"
    ) == [("shipments_delivered_at_idx", True)]


def test_one_index_is_invalid_and_one_table_has_no_primary_key(loaded):
    assert loaded.values("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid") == {
        "reviews_product_id_customer_id_key"
    }
    assert loaded.values(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)"
    ) == {"events"}


def test_loading_does_not_count_as_use(loaded):
    assert loaded.rows("SELECT sum(n_tup_ins), count(last_analyze) FROM pg_stat_user_tables") == [(0, len(TABLES))]


def test_the_sessions_fill_the_server_and_one_holds_up_two(loaded):
    sessions = (
        "SELECT application_name, state, coalesce(wait_event_type = 'Lock', false), count(*)::int FROM pg_stat_activity"
        f" WHERE usename = '{shop.APPLICATION_ROLE}' GROUP BY 1, 2, 3 ORDER BY 1"
    )
    prices = loaded.rows("SELECT sum(price_cents), count(discontinued_at) FROM products")
    with shop.occupy(loaded.conninfo):
        assert loaded.rows(sessions) == [
            ("shop-cron", "idle in transaction", False, 1),
            ("shop-web", "idle", False, shop.WEB_SESSIONS),
            ("shop-worker", "active", True, shop.WORKER_SESSIONS),
        ]
        (blocked, behind) = loaded.rows(
            "SELECT a.application_name, b.application_name FROM pg_stat_activity AS a"
            " JOIN pg_stat_activity AS b ON b.pid = (pg_blocking_pids(a.pid))[1]"
            " WHERE a.wait_event_type = 'Lock' ORDER BY a.backend_start"
        )
        assert (blocked, behind) == (("shop-worker", "shop-cron"), ("shop-worker", "shop-worker"))
        usable = int(shop.SETTINGS["max_connections"]) - 3
        assert usable - (shop.WEB_SESSIONS + shop.WORKER_SESSIONS + 1) == 3
        with psycopg.connect(loaded.conninfo, user=shop.AUDIT_ROLE) as auditor:
            assert auditor.execute("SELECT count(*) FROM orders").fetchone() == (250_000,)
    while loaded.rows(sessions):
        pass
    assert loaded.rows("SELECT sum(price_cents), count(discontinued_at) FROM products") == prices


def test_what_cannot_be_loaded_is_named_with_file_and_line(shops):
    with pytest.raises(AuditError, match=r"fixtures/shop/schema\.sql:3: .*\"customers\" already exists"):
        shop.load(shops[18].conninfo)


def test_the_files_are_found_in_an_installed_package_too(tmp_path, monkeypatch):
    installed = tmp_path / "site-packages" / "dbaudit"
    monkeypatch.setattr(dbaudit, "__file__", str(installed / "__init__.py"))
    with pytest.raises(AuditError, match="files are missing"):
        shop.fixture_directory()
    files = installed / "_fixtures" / "shop"
    files.mkdir(parents=True)
    (files / "schema.sql").touch()
    assert shop.fixture_directory() == files
