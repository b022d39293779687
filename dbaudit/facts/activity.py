"""Who is connected to a server, what their sessions hold and wait for, and how many more it would let in.

Names of databases, roles and relations are quoted as the server quotes them. Process ids join facts to each other and
never reach a fingerprint. Ages and waits are in milliseconds by the server's own clock, as of the look. Texts that a
client chose (application name, statement) are raw.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A process that works for a role or in a database, as pg_stat_activity shows it to us.

    Of another role's session an unprivileged role sees little: `is_masked` is true, `state`, `client`, `statement` and
    the waits are '', ages are None, and `backend_type` is '' unless other views give it away. `client` is an address, or
    [local] for a socket. `is_own` is the audit itself. `blocked_by` are process ids, 0 for a prepared transaction;
    it is asked only of sessions that wait for a lock. `xid_age` and `xmin_age` count transactions, None where it has
    no transaction id or holds no snapshot.
    """

    pid: int
    leader_pid: int | None
    database: str
    user: str
    application: str
    client: str
    backend_type: str
    state: str
    is_masked: bool
    is_own: bool
    is_superuser: bool
    backend_age_ms: float | None
    transaction_age_ms: float | None
    state_age_ms: float | None
    wait_event_type: str
    wait_event: str
    xid_age: int | None
    xmin_age: int | None
    statement: str
    blocked_by: tuple[int, ...]

    @property
    def takes_slot(self) -> bool:
        """Whether it counts against max_connections, as far as can be told: parallel workers may hide in the mask."""
        return self.backend_type == "client backend" or (self.is_masked and not self.backend_type)

    @property
    def is_idle_in_transaction(self) -> bool:
        return self.state.startswith("idle in transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock that a session waits for, or one it was granted on a relation, a tuple or an advisory key.

    `pid` is 0 and `gid` is set where a prepared transaction holds it. `relation` is '' where the lock is not on one of
    this database. `prepared_holders` are the gids of prepared transactions that hold the same object.
    """

    pid: int
    gid: str
    type: str
    mode: str
    relation: str
    is_granted: bool
    wait_ms: float | None
    prepared_holders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTransaction:
    """A transaction that was prepared for a two-phase commit and is not finished. It holds its locks without a session."""

    gid: str
    database: str
    owner: str
    age_ms: float
    xid_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How many connections the server takes, and how many client backends it had at each look (the audit's own too).

    `reserved_connections` is 0 before PostgreSQL 16. `samples` are counts, oldest first, `window_s` the seconds between
    the first and the last. `masked` sessions were counted although their type is hidden: parallel workers may be among
    them, which take no slot, so that the counts are then upper bounds.
    """

    max_connections: int
    superuser_reserved_connections: int
    reserved_connections: int
    samples: tuple[int, ...]
    window_s: float
    masked: int

    @property
    def usable(self) -> int:
        """Slots that an ordinary role can get."""
        return self.max_connections - self.reserved

    @property
    def reserved(self) -> int:
        return self.superuser_reserved_connections + self.reserved_connections

    @property
    def used(self) -> int:
        return self.samples[-1]

    @property
    def free(self) -> int:
        """What an ordinary role could still get."""
        return max(0, self.usable - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimit:
    """A limit on the connections of one database or of one role that is no superuser; `kind` is database or role."""

    kind: str
    name: str
    limit: int
    samples: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimeout:
    """What a timeout is set to for sessions of a role in a database; '' means every one.

    The row with neither is the server's own default. `value_ms` is 0 where the timeout is off, None where it cannot be
    told. `written` is the value as somebody wrote it, for putting it back.
    """

    name: str
    database: str
    role: str
    value_ms: float | None
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedConnection:
    """The server answered and did not let us in because it is full. `message` is its own."""

    message: str
