"""Adds up looks at a server's sessions, and the server's own counters between the first look and the last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from dbaudit.facts.activity import ConnectionLimit
from dbaudit.facts.sessions import DatabaseSessions, SessionGroup, SessionLook

# What a session does, as session_look.sql says it, that keeps a pool's connection from anybody else.
_IN_USE = ("active", "waiting", "in transaction")
_PROCESS_ID = re.compile("[0-9]{4,}")

# database, user, application, what it does, how many
LookRow = tuple[str, str, str, str, int]


class Looks:
    """What rows of session_look.sql add up to, look by look."""

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.looks: list[SessionLook] = []
        self._holders: list[Counter[tuple[str, str]]] = []
        self._groups: list[dict[tuple[str, str, str], tuple[int, int]]] = []

    def add(self, rows: Iterable[LookRow], at_s: float) -> SessionLook:
        """One more look, `at_s` seconds after the first."""
        doing: Counter[str] = Counter()
        holders: Counter[tuple[str, str]] = Counter()
        groups: dict[tuple[str, str, str], tuple[int, int]] = {}
        for database, user, application, what, sessions in rows:
            doing[what] += sessions
            if what == "worker":
                continue
            holders[database, user] += sessions
            if what != "own":
                key = (database, user, _PROCESS_ID.sub("#", application))
                number, in_use = groups.get(key, (0, 0))
                groups[key] = (number + sessions, in_use + (sessions if what in _IN_USE else 0))
        self.totals.append(holders.total())
        self._holders.append(holders)
        self._groups.append(groups)
        self.looks.append(
            SessionLook(
                at_s=at_s, active=doing["active"], waiting=doing["waiting"], in_transaction=doing["in transaction"],
                idle=doing["idle"], masked=doing["masked"], workers=doing["worker"],
            )  # fmt: skip
        )
        return self.looks[-1]

    def limit(self, kind: str, name: str, limit: int) -> ConnectionLimit:
        """A database's or a role's own limit with its use at each look."""
        place = 0 if kind == "database" else 1
        used = (sum(n for key, n in holders.items() if key[place] == name) for holders in self._holders)
        return ConnectionLimit(kind=kind, name=name, limit=limit, samples=tuple(used))

    def groups(self) -> tuple[SessionGroup, ...]:
        """Every group that was there at any look."""
        keys = dict.fromkeys(key for groups in self._groups for key in groups)
        return tuple(
            SessionGroup(
                database=key[0],
                user=key[1],
                application=key[2],
                sessions=tuple(groups.get(key, (0, 0))[0] for groups in self._groups),
                in_use=tuple(groups.get(key, (0, 0))[1] for groups in self._groups),
            )
            for key in keys
        )


def counted(before: Iterable[tuple], after: Iterable[tuple]) -> tuple[DatabaseSessions, ...]:
    """What two readings of session_counter.sql differ by, for each database that is in the second."""
    first = {name: figures for name, *figures in before}
    return tuple(_difference(name, first.get(name), figures) for name, *figures in after)


def _difference(name: str, before: list | None, after: list) -> DatabaseSessions:
    *totals, age_s, read_at_s = after
    *earlier, _, since_s = before or [*(0 for _ in totals), None, read_at_s]
    delta = [late - early for late, early in zip(totals, earlier)]
    window_s = max(0.0, read_at_s - since_s)
    # They may have overtaken where they were before.
    is_young = any(earlier) and age_s is not None and age_s < window_s
    has_restarted = is_young or any(number < 0 for number in delta)
    sessions, transactions, abandoned, fatal, killed, active_ms, in_transaction_ms = (
        [0] * len(delta) if has_restarted or before is None else delta
    )
    return DatabaseSessions(
        database=name,
        window_s=window_s,
        sessions=sessions,
        transactions=transactions,
        abandoned=abandoned,
        fatal=fatal,
        killed=killed,
        active_ms=active_ms,
        in_transaction_ms=in_transaction_ms,
        total_sessions=totals[0],
        total_abandoned=totals[2],
        total_fatal=totals[3],
        age_s=age_s,
        has_restarted=has_restarted,
    )
