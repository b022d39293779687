"""Reads what the session timeouts are set to: for the server, for databases, for roles, and for roles in databases."""

from __future__ import annotations

import re
from importlib.resources import files

from dbaudit.facts.activity import SessionTimeout
from dbaudit.sources.postgres.session import Session

# The units of PostgreSQL's time settings, from its documentation, "Parameter Names and Values".
_UNITS_MS = {"us": 0.001, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_VALUE = re.compile(r"\s*(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(us|ms|s|min|h|d)?\s*", re.IGNORECASE)


def session_timeouts(session: Session) -> tuple[SessionTimeout, ...]:
    """Every setting of the timeouts that ALTER ROLE and ALTER DATABASE made, and the server's default of each.

    The default is what our own session started with. It is unknown (None) where our role, our database or our
    connection's options have a value of their own that covers it.
    """
    particular = session.rows(_query("session_timeout"))
    defaults = session.rows(_query("session_timeout_default"))
    options = session.connection.info.options
    ours = {name for name, *_, is_particular, is_ours in particular if is_particular and is_ours}
    for_all = {name: written for name, _, _, written, is_particular, _ in particular if not is_particular}
    found = [
        SessionTimeout(name=name, database=database, role=role, value_ms=in_ms(written), written=written)
        for name, database, role, written, is_particular, _ in particular
        if is_particular
    ]
    for name, written in defaults:
        if name in ours or name in options:
            written = for_all.get(name, "")
        found.append(SessionTimeout(name=name, database="", role="", value_ms=in_ms(written), written=written))
    return tuple(found)


def in_ms(written: str) -> float | None:
    """Milliseconds of a time setting as somebody wrote it, whose unit is ms where there is none; None if unreadable.

    >>> in_ms("5min"), in_ms("1.5 s"), in_ms("250"), in_ms("")
    (300000.0, 1500.0, 250.0, None)
    """
    match = _VALUE.fullmatch(written)
    return float(match[1]) * _UNITS_MS[(match[2] or "ms").lower()] if match else None


def _query(name: str) -> str:
    return (files(__package__) / "queries" / f"{name}.sql").read_text("utf-8")
