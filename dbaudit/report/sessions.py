"""What the looks and the measurements come to beside the slots: the chart, the pool's size, and what connecting costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from dbaudit.facts import Facts
from dbaudit.facts.concurrency import PoolSize, pool_size
from dbaudit.facts.sessions import ClientPath, ConnectCost, DatabaseSessions, SessionGroup, SessionLook
from dbaudit.report import timeline
from dbaudit.units import count, milliseconds

_CAVEATS = (
    "(PostgreSQL wiki, Number Of Database Connections; no spindles counted). It is meant for all that works at the same "
    "time on the server, not for each instance's pool; spindles count where data comes from turning disks, it has no term "
    "for SSDs, and it says nothing where sessions wait for locks or idle in transactions."
)
_NAME = 14


def sections(facts: Facts, width: int) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of each section there is something for, in plain text of at most `width` columns."""
    width = max(60, width)
    chart = timeline.lines(facts, width)
    if chart:
        yield "Sessions over time", chart
        size = pool_size(facts)
        yield "Pool size", wrap(f"{size}.", width) if isinstance(size, str) else _size(size, width)
    for cost in facts.get(ConnectCost):
        is_pooled = any(path.is_pooled for path in facts.get(ClientPath))
        yield f"What connecting to the {'pooler' if is_pooled else 'server'} costs", _cost(cost, width)


def as_json(facts: Facts) -> dict[str, Any]:
    """The `sessions` key of the JSON report; empty where there are no facts."""
    if not facts.get(SessionLook):
        return {}
    size = pool_size(facts)
    return {
        "path": next((asdict(path) for path in facts.get(ClientPath)), None),
        "looks": [{**asdict(look), "at_s": round(look.at_s, 3)} for look in facts.get(SessionLook)],
        "groups": [
            {**asdict(group), "sessions": list(group.sessions), "in_use": list(group.in_use)}
            for group in facts.get(SessionGroup)
        ],
        "databases": [asdict(counted) for counted in facts.get(DatabaseSessions)],
        "pool_size": None if isinstance(size, str) else asdict(size),
        "connect_cost": next(({**asdict(cost), "connect_ms": cost.connect_ms} for cost in facts.get(ConnectCost)), None),
    }


def _size(size: PoolSize, width: int) -> list[str]:
    observed = (
        f"{size.mean:.1f} in use on average, {size.p99} in the 99th percentile, {size.peak} at most; of these working: "
        f"{size.active_p99} and {size.active_peak}"
    )
    if size.waiting_peak:
        observed += f"; up to {size.waiting_peak} more waited for locks, whom a larger pool would not help"
    rows = [("observed", f"{observed} ({size.look_count} looks in {size.window_s:.0f} s)")]
    if size.by_littles_law is not None:
        law = (
            f"{size.transactions_per_s:,.1f} transactions a second × {milliseconds(size.transaction_ms)} each = "
            f"{size.by_littles_law:.2f} in use on average, waits for locks included"
        )
        rows.append(("Little's law", law))
    enough = (
        f"{count(size.recommended, 'connection')} for all applications together, if the window is as busy as it gets: "
        "the 99th percentile, by the looks or by the average and arrivals at random, whichever is more"
    )
    rows.append(("recommended", enough))
    formula = "cores × 2 + spindles; give --cores to have it computed"
    if size.by_formula is not None:
        formula = f"{size.cores} cores × 2 + spindles = {size.by_formula}"
    rows.append(("formula", f"{formula} {_CAVEATS}"))
    return [line for name, text in rows for line in _row(name, text, width)]


def _cost(cost: ConnectCost, width: int) -> list[str]:
    parts = (("TCP", cost.tcp_ms), ("TLS", cost.tls_ms), ("authentication and start", cost.login_ms))
    new = " + ".join(f"{name} {milliseconds(value)}" for name, value in parts if value)
    times = f", {cost.connect_ms / cost.query_ms:,.0f} times a query" if cost.query_ms else ""
    rows = (
        ("connecting", f"{milliseconds(cost.connect_ms)} = {new} (median of {cost.attempts}, one by one){times}"),
        ("transaction", f"first {milliseconds(cost.first_ms)}, on a kept connection {milliseconds(cost.kept_ms)}"),
        ("query", f"{milliseconds(cost.query_ms)} on a kept connection, one round trip"),
    )
    return [line for name, text in rows for line in _row(name, text, width)]


def _row(name: str, text: str, width: int) -> list[str]:
    indent = " " * _NAME
    return wrap(f"{name:<{_NAME}}{text}", width, subsequent_indent=indent, break_long_words=False)
