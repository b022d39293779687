"""Time settings as people write them, and which of several a session starts with."""

from __future__ import annotations

import pytest

from dbaudit.checks.connection._timeouts import change, effective
from dbaudit.facts.activity import SessionTimeout
from dbaudit.sources.postgres.session_timeouts import in_ms


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", 0), ("250", 250), ("60s", 60_000), ("5min", 300_000), (" 1.5 h ", 5_400_000), ("1d", 86_400_000),
        ("500us", 0.5), ("1e3", 1_000), ("", None), ("soon", None),
    ],
)
def test_a_time_setting_is_read_as_postgresql_reads_it(written, expected):
    assert in_ms(written) == expected


def timeout(role: str, database: str, value_ms: float) -> SessionTimeout:
    return SessionTimeout(
        name="statement_timeout", role=role, database=database, value_ms=value_ms, written=f"{value_ms}ms"
    )


def test_the_most_particular_setting_wins():
    layers = [timeout("", "", 1), timeout("", "shop", 2), timeout("app", "", 3), timeout("app", "shop", 4)]
    for given in range(1, 5):
        assert effective("statement_timeout", "app", "shop", layers[:given]).value_ms == given
    assert effective("statement_timeout", "app", "shop", []) is None
    assert effective("transaction_timeout", "app", "shop", layers) is None


def test_a_change_is_made_where_it_counts_and_its_undo_brings_back_what_was_there():
    assert change("statement_timeout", "30s", "app", "shop", [timeout("", "", 1)]) == (
        "ALTER ROLE app SET statement_timeout = '30s';", "ALTER ROLE app RESET statement_timeout;",
    )
    assert change("statement_timeout", "30s", "app", "shop", [timeout("app", "", 3)])[1] == (
        "ALTER ROLE app SET statement_timeout = '3ms';"
    )
    assert change("statement_timeout", "30s", "app", "shop", [timeout("app", "", 3), timeout("app", "shop", 4)]) == (
        "ALTER ROLE app IN DATABASE shop SET statement_timeout = '30s';",
        "ALTER ROLE app IN DATABASE shop SET statement_timeout = '4ms';",
    )
