"""The demo shop: where its files are, loading it into a throwaway server, and the sessions that its users hold open."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg

import dbaudit
from dbaudit.errors import AuditError
from dbaudit.sources import sqlfile

DATABASE = "shop"
APPLICATION_ROLE = "shop_app"
AUDIT_ROLE = "dbaudit"

# What the server of the demo needs: few slots, so that they are nearly full; no WAL for what is loaded; no JIT, which
# would make the same statement slow in one build of PostgreSQL and fast in another.
SETTINGS: Mapping[str, str] = {
    "max_connections": "30", "shared_buffers": "256MB", "jit": "off",
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "4GB",
}

# Options by check: the demo's statistics and sessions are seconds old, where a real server's are days and minutes.
DEMO_OPTIONS: Mapping[str, Mapping[str, float]] = {
    "CON002": {"blocking_s": 1},
    "CON003": {"blocking_idle_s": 1},
    "CON004": {"info_s": 1, "warning_s": 2},
    "IDX004": {"minimum_statistics_age_days": 0},
}

# The statements of queries.sql that are slow, or will be, on purpose, and the check that should say so.
FAULTS: Mapping[str, str] = {
    "login_any_case": "PLN022",
    "customer_profile": "SQL001",
    "product_sales": "PLN001",
    "admin_orders_page": "PLN008",
    "takings_of_a_date": "PLN022",
    "refunds_of_a_month": "PLN002",
    "longest_silence": "PLN004",
    "norwegian_regulars": "PLN003",
    "takings_by_category": "PLN020",
}

WEB_SESSIONS = 21
WORKER_SESSIONS = 2

_PARAMETERS: Mapping[str, tuple] = {"customer_orders": (4711, "2024-01-01")}
_WRITES = ("mark_shipped",)
_ROUNDS = 20
_LOOK_AT_A_PRODUCT = "SELECT id, name, price_cents FROM products WHERE sku = 'SKU-001354'"
_REMOVE_UNSOLD = "DELETE FROM products WHERE discontinued_at < timestamptz '2026-01-01 00:00:00+00'"
_BOOK_DELIVERIES = """
    UPDATE shipments SET delivered_at = timestamptz '2025-12-30 18:00:00+00'
    WHERE order_id BETWEEN 248001 AND 248500
"""
_PUT_ON_SALE = "UPDATE products SET price_cents = price_cents * 9 / 10 WHERE category_id = 7"
_TAKE_OFF = b"UPDATE products SET discontinued_at = now() WHERE id = 36"
_USE_IS_COUNTED = """
    SELECT (SELECT n_tup_del > 0 FROM pg_stat_user_tables WHERE relname = 'products')
       AND (SELECT idx_scan > 0 FROM pg_stat_user_indexes WHERE indexrelname = 'events_occurred_at_idx')
"""
_WAIT_S = 30


def fixture_directory() -> Path:
    """Where the shop's SQL files are, in an installed dbaudit and in a checkout.

    Raises AuditError where there are none.
    """
    package = Path(dbaudit.__file__).parent
    for directory in (package / "_fixtures" / "shop", package.parent / "fixtures" / "shop"):
        if (directory / "schema.sql").is_file():
            return directory
    raise AuditError(f"the demo's files are missing from {package}", "install dbaudit again")


def create(conninfo: str) -> None:
    """Makes the empty database DATABASE, as a superuser of a throwaway server that is connected to another one."""
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")


def load(conninfo: str) -> None:
    """Builds the shop in an empty database of a throwaway server, as a superuser, and uses it as the application does.

    It makes the roles APPLICATION_ROLE and AUDIT_ROLE, and resets the database's statistics, so that loading does not
    count as use. Raises AuditError with file and line of a statement that the server refuses.
    """
    directory = fixture_directory()
    try:
        _build(conninfo, directory)
        with psycopg.connect(conninfo, autocommit=True) as admin:
            admin.execute("SELECT pg_stat_reset()")
            admin.execute("VACUUM (ANALYZE)")
            _use(conninfo, directory)
            _wait_until(admin, _USE_IS_COUNTED, "the statistics of the demo's statements did not arrive")
    except psycopg.Error as error:
        raise AuditError(f"the demo shop could not be loaded: {_one_line(error)}") from error


@contextmanager
def occupy(conninfo: str) -> Iterator[None]:
    """Keeps the sessions of a busy day open, as APPLICATION_ROLE: all but three of the slots that SETTINGS leave.

    A web pool waits for requests; a job has gone to sleep inside a transaction that reprices products; two workers wait
    to change one of these, the second behind the first. None of them commits anything. They touch nothing that a
    statement of queries.sql reads through an index alone, so that its plans stay what they are.
    Raises AuditError where the sessions cannot be opened.
    """
    with ExitStack() as sessions:
        try:
            _open_sessions(conninfo, sessions)
        except psycopg.Error as error:
            raise AuditError(f"the demo's sessions could not be opened: {_one_line(error)}") from error
        yield


def _build(conninfo: str, directory: Path) -> None:
    with psycopg.connect(conninfo) as building:
        for name in ("schema.sql", "data.sql", "indexes.sql", "roles.sql"):
            _run_file(building, directory / name)
        pid = building.info.backend_pid
    with psycopg.connect(conninfo, autocommit=True) as admin:
        with suppress(psycopg.errors.UniqueViolation):
            _run_file(admin, directory / "invalid_index.sql")
        _wait_until_ended(admin, pid)


def _run_file(connection: psycopg.Connection, path: Path) -> None:
    for statement in sqlfile.read(str(path)):
        try:
            connection.execute(statement.text)
        except psycopg.errors.UniqueViolation:
            raise
        except psycopg.Error as error:
            raise AuditError(f"{path}:{statement.span.line}: {_one_line(error)}") from error


def _use(conninfo: str, directory: Path) -> None:
    """Sends the healthy statements, so that the indexes they need are used ones, and writes a little."""
    sent = [s for s in sqlfile.read(str(directory / "queries.sql")) if s.name not in FAULTS and s.name not in _WRITES]
    with _session(conninfo, "shop-web") as web:
        for _ in range(_ROUNDS):
            web.execute(_LOOK_AT_A_PRODUCT)
            for statement in sent:
                web.execute(statement.text, _PARAMETERS.get(statement.name))
    with _session(conninfo, "shop-cron") as cron:
        cron.execute(_BOOK_DELIVERIES)
        cron.execute(_REMOVE_UNSOLD)


def _open_sessions(conninfo: str, sessions: ExitStack) -> None:
    for _ in range(WEB_SESSIONS):
        web = _kept(sessions, conninfo, "shop-web")
        web.execute(_LOOK_AT_A_PRODUCT)
    cron = _kept(sessions, conninfo, "shop-cron")
    cron.execute("BEGIN")
    cron.execute(_PUT_ON_SALE)
    for count in range(1, WORKER_SESSIONS + 1):
        worker = _kept(sessions, conninfo, "shop-worker")
        worker.execute("BEGIN")
        worker.pgconn.send_query(_TAKE_OFF)
        sessions.callback(_cancel, worker)
        _wait_until(
            web,
            f"SELECT count(*) >= {count} FROM pg_stat_activity"
            " WHERE application_name = 'shop-worker' AND wait_event_type = 'Lock'",
            "the demo's workers did not come to wait",
        )


def _kept(sessions: ExitStack, conninfo: str, application: str) -> psycopg.Connection:
    """A session that is closed at the end. psycopg's own context manager would commit what it holds."""
    return sessions.enter_context(closing(_session(conninfo, application)))


def _session(conninfo: str, application: str) -> psycopg.Connection:
    return psycopg.connect(
        conninfo, user=APPLICATION_ROLE, application_name=application, autocommit=True, cursor_factory=psycopg.RawCursor
    )


def _cancel(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel()


def _wait_until_ended(admin: psycopg.Connection, pid: int) -> None:
    """A backend counts what it did when it ends: only then can its counts be reset."""
    _wait_until(
        admin, f"SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})", "the loading session did not end"
    )


def _wait_until(connection: psycopg.Connection, question: str, failure: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not connection.execute(question).fetchone()[0]:
        if time.monotonic() > deadline:
            raise AuditError(f"{failure} within {_WAIT_S} s")
        time.sleep(0.02)


def _one_line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
