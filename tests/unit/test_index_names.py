"""Names of new indexes are those that PostgreSQL would choose."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbaudit.checks.index._naming import index_name, quoted


def test_a_name_is_made_of_table_and_columns():
    assert index_name("orders", ["customer_id", "day"], ()) == "orders_customer_id_day_idx"


def test_a_name_that_is_taken_gets_a_number():
    taken = {"orders_a_idx", "orders_a_idx1"}
    assert index_name("orders", ["a"], taken) == "orders_a_idx2"


def test_only_what_needs_quotes_gets_them():
    assert quoted("orders_a_idx") == "orders_a_idx"
    assert quoted("Orders_a_idx") == '"Orders_a_idx"'
    assert quoted('a"b_idx') == '"a""b_idx"'


@given(table=st.text(min_size=1, max_size=70), columns=st.lists(st.text(min_size=1, max_size=70), min_size=1, max_size=4))
def test_no_name_is_too_long_nor_broken(table, columns):
    name = index_name(table, columns, ())
    assert len(name.encode(errors="surrogatepass")) <= 63 and name.endswith("_idx")
