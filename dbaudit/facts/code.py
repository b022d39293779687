"""What an application's source does with its database: where it connects, and how that place is reached.

Nothing here was run. Names are those of the source: `function` is the dotted path of a function from the project's root,
such as "app.orders.show", and "app.orders" for what stands outside of one; `call` is the library's own name of what is
called, such as "psycopg2.connect"; `number` counts the calls of that name in the function, from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbaudit.finding import Span


class Per(StrEnum):
    """How often code runs: as often as what starts it."""

    REQUEST = "request"
    TASK = "task"
    ITERATION = "iteration"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPath:
    """From a route, a task or a loop to a piece of code.

    `start` is what a reader calls the beginning, such as "GET /orders" or "for order in orders"; `steps` are the
    functions on the way and the call at the end. `is_certain` is false where a framework is only assumed to call the
    first of them.
    """

    per: Per
    start: str
    steps: tuple[str, ...] = ()
    is_certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFiles:
    """How many files were read, and how many below the given directories were left out: tests, migrations, environments.

    `serves` is whether any of them has a route or a task.
    """

    read_count: int
    left_out_count: int = 0
    serves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A file that was meant and could not be read, and why; `line` where the reason has one, or 0."""

    path: str
    reason: str
    line: int = 0


class Opens(StrEnum):
    """What a call brings to life: one connection, or something that holds several."""

    CONNECTION = "connection"
    POOL = "pool"


class Pooling(StrEnum):
    """What an engine is told about keeping its connections."""

    KEPT = "kept"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A call that makes a connection, an engine, a client or a pool.

    `path` is how the call is reached each time anew, or None: at import or start-up, once behind a cache or a guard, or
    from nowhere that is known. `host` is the server's name where it stands in the source, "" where it does not.
    `is_checked` is whether the pool tests or renews its connections, None where that cannot be read. `has_pooler` is
    whether a pooler is named beside it: its usual port, its name, or statement caches switched off. `is_short_lived` is
    true for what is made for migrations or by a function of a cloud, where a pool of its own is of no use, `in_worker`
    for a module of tasks, `in_script` for what a command makes for itself or what is used in place.
    """

    library: str
    call: str
    opens: Opens
    function: str
    span: Span
    number: int = 1
    path: CallPath | None = None
    host: str = ""
    pooling: Pooling = Pooling.KEPT
    is_checked: bool | None = None
    has_pooler: bool = False
    is_short_lived: bool = False
    in_worker: bool = False
    in_script: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoDatabase:
    """One entry of DATABASES in a settings module, of a PostgreSQL backend, whose values are all literals or absent.

    `max_age_s` is CONN_MAX_AGE in seconds, None for unlimited.
    """

    name: str
    function: str
    span: Span
    host: str = ""
    max_age_s: float | None = 0
    health_checks: bool = False
    has_pool: bool = False
    has_pooler: bool = False


class Return(StrEnum):
    """How far what was borrowed is given back."""

    NEVER = "never"
    NOT_ON_ERROR = "not on error"
    WITH_DOES_NOT_CLOSE = "with does not close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrowed:
    """A connection or session that a function takes for itself and does not give back for certain.

    `is_handed_on` is whether it is an argument of some call, which might give it back.
    """

    library: str
    call: str
    what: str
    variable: str
    given_back: Return
    function: str
    span: Span
    number: int = 1
    path: CallPath | None = None
    is_handed_on: bool = False


class Waits(StrEnum):
    """What a program waits for while its transaction stays open."""

    HTTP = "an HTTP request"
    MAIL = "a mail server"
    SLEEP = "a sleep"
    PROCESS = "another process"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTransaction:
    """A call within a transaction that waits for something other than the database.

    `begun_by` is what opens the transaction, at `begun_at`. `steps` are the functions from the one with the transaction
    to the call. `is_explicit` is false where the transaction was begun by a query and is ended by a later commit.
    """

    waits_for: Waits
    call: str
    begun_by: str
    begun_at: Span
    function: str
    span: Span
    number: int = 1
    steps: tuple[str, ...] = ()
    is_explicit: bool = True
    path: CallPath | None = None


class Repeats(StrEnum):
    """What a loop sends to the server in each iteration."""

    QUERY = "query"
    WRITE = "write"
    COMMIT = "commit"
    LAZY_LOAD = "lazy load"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedQuery:
    """A statement sent once an iteration. `over` is the source of what is iterated.

    `steps` are the functions from the loop to the call where it is not in the loop itself. `is_certain` is false where
    only its name says that a variable is a connection.
    """

    repeats: Repeats
    call: str
    over: str
    loop: Span
    function: str
    span: Span
    number: int = 1
    steps: tuple[str, ...] = ()
    is_certain: bool = True
    path: CallPath | None = None
