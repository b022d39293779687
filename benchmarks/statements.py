"""200 statements on the demo shop, of the kinds that an application sends."""

from __future__ import annotations

from pathlib import Path

_SHAPES = (
    "SELECT id, status, total_cents FROM orders WHERE id = {n}",
    "SELECT id, full_name, locale FROM customers WHERE email = 'customer.{n}@example.org'",
    "SELECT id, placed_at, status FROM orders WHERE customer_id = {n} ORDER BY placed_at DESC LIMIT 20",
    "SELECT i.line_number, p.name, i.quantity FROM order_items AS i JOIN products AS p ON p.id = i.product_id\n"
    "WHERE i.order_id = {n} ORDER BY i.line_number",
    "SELECT count(*) FROM orders WHERE status = 'pending' AND total_cents > {n}",
    "SELECT c.name, count(*) FROM products AS p JOIN categories AS c ON c.id = p.category_id\n"
    "WHERE p.price_cents > {n} GROUP BY c.name ORDER BY c.name",
    "SELECT EXISTS (SELECT 1 FROM orders AS o JOIN order_items AS i ON i.order_id = o.id\n"
    "WHERE o.customer_id = {n} AND i.product_id = 7)",
    "SELECT rating, body FROM reviews WHERE product_id = {n} ORDER BY created_at DESC LIMIT 10",
    "SELECT * FROM payments WHERE order_id = {n}",
    "SELECT sum(o.total_cents) FROM orders AS o JOIN customers AS c ON c.id = o.customer_id\n"
    "JOIN addresses AS a ON a.id = o.shipping_address_id WHERE c.country = 'NO' AND a.city = 'Oslo' AND o.id > {n}",
)


def write_statements(path: Path, count: int = 200) -> None:
    """Writes `count` statements, none the same as another."""
    path.write_text("".join(f"{_SHAPES[n % len(_SHAPES)].format(n=n + 1)};\n" for n in range(count)))
