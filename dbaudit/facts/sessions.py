"""How a server's sessions were used over a window: look by look, by what the server counted, and what connecting costs.

Names of databases and roles are quoted as the server quotes them; application names are raw. A window is in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLook:
    """One look at the client backends, `at_s` seconds after the first. The audit's own session is not in it.

    `active` run a statement and do not wait for a lock, `waiting` wait for a heavyweight lock, `in_transaction` idle in
    one, `idle` hold nothing but a slot; `masked` belong to other roles, or have track_activities off: their state is hidden from us. `workers` are
    parallel workers: they take no slot, but a core each.
    """

    at_s: float
    active: int
    waiting: int
    in_transaction: int
    idle: int
    masked: int
    workers: int

    @property
    def sessions(self) -> int:
        return self.in_use + self.idle + self.masked

    @property
    def in_use(self) -> int:
        """Those that a pool could not give to anybody else now: a transaction keeps its connection."""
        return self.active + self.waiting + self.in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGroup:
    """The client backends of one role and application in one database; a count for each look, oldest first.

    Numbers of four digits and more, which are process ids, are # in `application`.
    """

    database: str
    user: str
    application: str
    sessions: tuple[int, ...]
    in_use: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSessions:
    """What pg_stat_database counted for one database: within a window, and (`total_…`) since its statistics were reset.

    `sessions` were established; `abandoned` lost their client, `fatal` ended by a fatal error, `killed` by an operator.
    `transactions` are commits and rollbacks. The milliseconds are of all sessions together; the server adds them when a
    session falls idle, so that they lag behind. `age_s` is the age of the statistics, None where it is not known.
    `has_restarted` is true where the counters were reset within the window, which then counts nothing.
    """

    database: str
    window_s: float
    sessions: int
    transactions: int
    abandoned: int
    fatal: int
    killed: int
    active_ms: float
    in_transaction_ms: float
    total_sessions: int
    total_abandoned: int
    total_fatal: int
    age_s: float | None
    has_restarted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationHorizon:
    """A replication slot or a standby that asks the server to keep rows. `kind` is replication slot or standby.

    `xmin_age` and `catalog_xmin_age` count transactions, None where it asks for nothing. `inactive_ms` is for how long
    nobody has used a slot (17 and later), None where somebody does or the server does not say.
    """

    kind: str
    name: str
    is_active: bool
    xmin_age: int | None
    catalog_xmin_age: int | None
    inactive_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPath:
    """How we reach the server. One row.

    `is_pooled`: the process id that the connection was given is not the one that the server answers with, so that
    something between hands out its own connections. `is_local`: over a Unix-domain socket and not pooled. `cores` are
    those of the server's machine, given or, where it is this one, counted; None where nobody knows.
    """

    is_pooled: bool
    is_local: bool
    is_encrypted: bool
    cores: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectCost:
    """What a new connection took, and what the same transaction took on a kept one. One row; medians, in milliseconds.

    `tcp_ms` is 0 over a Unix-domain socket, `tls_ms` is 0 without TLS. `login_ms` is authentication and the start of
    the backend, which the server answers together. `first_ms` is the first short transaction of a new connection,
    `kept_ms` the same on a kept one, `query_ms` the one query within it. `attempts` connections were made, one by one.
    """

    attempts: int
    tcp_ms: float
    tls_ms: float
    login_ms: float
    first_ms: float
    kept_ms: float
    query_ms: float

    @property
    def connect_ms(self) -> float:
        return self.tcp_ms + self.tls_ms + self.login_ms
