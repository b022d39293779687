"""Who opens how many connections: the pools of an application's services, and what the server has room for."""

from __future__ import annotations

from dataclasses import dataclass

POSTGRESQL = "PostgreSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a sum, and where it stands: file:line, an option, or whose default it is.

    `value` is None where it is not known; `reason` then says why. `is_unlimited` is a number that is known to be no
    limit at all; `value` is then None too.
    """

    value: int | None = None
    place: str = ""
    reason: str = ""
    is_unlimited: bool = False

    @property
    def is_known(self) -> bool:
        return self.value is not None or self.is_unlimited


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """One pool in each process of one service.

    A process opens up to `size` + `overflow` connections, `minimum` of them at once. `threads` is how many of its
    threads can hold a connection at a time, one each; None where nothing but the pool limits them. `surge` is how many
    instances there are beyond `instances` while a new version is rolled out. `server` is what the pool connects to:
    POSTGRESQL, or the name of another one, whose connections are not PostgreSQL's. `pooler` is the pooler in between,
    if any. `role` and `database` are empty where they are not known. `process_noun` is what the service calls its processes.
    """

    service: str
    pool: str
    place: str
    instances: Figure
    surge: Figure
    processes: Figure
    size: Figure
    overflow: Figure
    minimum: Figure
    threads: Figure | None = None
    process_noun: str = "process"
    server: str = POSTGRESQL
    pooler: str = ""
    role: str = ""
    database: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolerPool:
    """Connections that a pooler may open to the server for one database: `size` + `reserve` for each of its `users`.

    `limit` is the most for the database as a whole, unlimited where there is none.
    """

    pooler: str
    database: str
    place: str
    users: Figure
    size: Figure
    reserve: Figure
    limit: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolerSettings:
    """What a PgBouncer is set to, and where it says so. Times are in seconds; 0 is what PgBouncer means by it."""

    pooler: str
    place: str
    pool_mode: str
    max_client_conn: Figure
    query_wait_timeout_s: Figure
    server_lifetime_s: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetGap:
    """Something that may open connections and is not in the sum: what, where (file:line), and what would tell."""

    subject: str
    place: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLimit:
    """The CONNECTION LIMIT of a database or a role, by its name as the server quotes it."""

    kind: str
    name: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRoom:
    """How many connections the server takes, and who says so. `cores` is None where nobody said."""

    max_connections: int
    reserved: int
    origin: str
    cores: int | None = None
    limits: tuple[RoomLimit, ...] = ()

    @property
    def usable(self) -> int:
        """Slots that an ordinary role can get: max_connections without those reserved for others."""
        return max(0, self.max_connections - self.reserved)
