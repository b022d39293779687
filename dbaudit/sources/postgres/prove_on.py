"""A copy that may be written to: indexes are really built there and statements timed, and then all is rolled back.

What is built lives in one transaction that never commits, so that nothing is left however it ends, a killed process
included. The statements pass the gate first, and are timed in a read-only subtransaction. Without the index means that
it is dropped in a subtransaction, which an owner may do, and which brings it back in no time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from statistics import median

import psycopg

from dbaudit.errors import AuditError
from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import How, Statement, Variant
from dbaudit.sources.postgres.explain import Gate
from dbaudit.sources.postgres.inserting import insert_of_copies
from dbaudit.sources.postgres.outcome import plan_in
from dbaudit.sources.postgres.pipeline import exchange, query
from dbaudit.sources.postgres.session import LOCK_TIMEOUT_MS, Session
from dbaudit.sources.postgres.variants import name_of

# How often a statement is timed each way, unless that takes longer in all than the milliseconds behind it.
RUNS = 5
WHOLE_MS = 60_000
_INSERTS = 4
# Building an index and ANALYZE may take that long.
_BUILD_TIMEOUT_MS = 600_000
_PRICE_TIMEOUT_MS = 30_000

_RAN = (How.ANALYZED, How.TIMED_OUT)
_CANCELED = "57014"
_CONCURRENTLY = re.compile(r"^(\s*create\s+(?:unique\s+)?index\s+)concurrently\s+", re.IGNORECASE)
_IDENTIFIER = "select system_identifier from pg_catalog.pg_control_system()"
_GUARDS = (
    "select pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('lock_timeout', $2, true),"
    " pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true),"
    " pg_catalog.set_config('standard_conforming_strings', 'on', true)"
)
_WATCH = "select pg_catalog.set_config('client_connection_check_interval', '1s', true)"
_LIMIT = "select pg_catalog.set_config('statement_timeout', $1, true)"
_REMEDY = "where what is audited is a copy that may be written to, say --prove-on target"
_TIMED = "explain (analyze, buffers, timing off, format json) "


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """The median of some runs in milliseconds, and the plan and the blocks of the last of them.

    `was_cut` says that a run was cancelled, so that it would have taken longer than `ms`; then there is no plan.
    """

    ms: float
    runs: int
    blocks: int
    plan: Plan | None
    was_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A statement timed before and after a change. `size_bytes` is of what was built, and `is_used` whether the planner
    took it. `insert_us` is what one row costs an INSERT more, in microseconds; None where that is not known."""

    before: Timed
    after: Timed
    size_bytes: int = 0
    is_used: bool = True
    insert_us: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runnable:
    """A statement that has passed the gate, with values for its parameters and what they are called, and its plan."""

    text: str
    values: tuple[str | None, ...]
    plan: Plan
    called: str = ""

    def named(self, statement: Statement) -> dict[str, str | None]:
        """The values by the names of the parameters."""
        return {name_of(statement.parameters, number): value for number, value in enumerate(self.values, start=1)}


def refuse_same_server(audited: Session, copy: Session) -> None:
    """Raises AuditError unless the copy is of another cluster than the audited server, behind whatever name it stands.

    A standby, its primary and what was restored from a backup of their files are one cluster by this.
    """
    try:
        (theirs,), (ours,) = audited.rows(_IDENTIFIER)[0], copy.rows(_IDENTIFIER)[0]
    except psycopg.Error as error:
        raise AuditError(
            f"--prove-on: whether this is another server than the audited one cannot be told: {_said(error)}", _REMEDY
        ) from None
    if theirs == ours:
        raise AuditError("--prove-on names the audited server itself, or one of the same cluster", _REMEDY)


class Copy:
    """Builds and times on one connection. Whatever it raises, it leaves nothing."""

    def __init__(self, session: Session, *, timeout_ms: int, runs: int = RUNS, whole_ms: int = WHOLE_MS) -> None:
        if session.server.in_recovery:
            raise AuditError("--prove-on names a standby: nothing can be built there")
        self._session = session
        self._connection = session.connection
        self._gate = Gate(session, analyze=True, timeout_ms=timeout_ms, show_values=True)
        self._timeout_ms = timeout_ms
        self._runs, self._whole_ms = runs, whole_ms

    @property
    def server(self) -> str:
        """What a reader calls it."""
        return f"PostgreSQL {self._session.server.version}, database {self._session.server.database}"

    def close(self) -> None:
        """Gives back what a statement kept that lied about itself."""
        self._gate.leave_nothing()

    def runnable(self, statement: Statement) -> Runnable:
        """The statement as it can be timed here, with the values that make it slowest.

        Raises AuditError, saying why, where it does not pass the gate or has no values.
        """
        explained = self._gate.explain(statement)
        if explained.how not in _RAN or explained.plan is None:
            refused = explained.refusal.message if explained.refusal else ""
            raise AuditError(refused or explained.reason or "it cannot be run there")
        chosen = _of_variants(explained.variants)
        values = tuple(chosen.values.values()) if chosen and chosen.values else ()
        plan = chosen.plan if chosen and chosen.plan else explained.plan
        called = chosen.name if chosen else ""
        return Runnable(text=explained.statement.sent, values=values, plan=plan, called=called)

    def compare(self, before: Runnable, after: Runnable) -> Comparison:
        """Two ways to write a statement, timed in turn. Raises AuditError."""
        with self._rolled_back("read only"):
            first, second = self._in_turn(lambda: self._time(before), lambda: self._time(after))
        return Comparison(before=first, after=second)

    def build(self, definitions: Iterable[str], runnable: Runnable) -> Comparison:
        """The statement without and with the indexes of these CREATE INDEX, timed in turn. Raises AuditError."""
        with self._rolled_back("read write"):
            for definition in definitions:
                self._do(_CONCURRENTLY.sub(r"\1", definition).rstrip().removesuffix(";"))
            built = self._rows("built_indexes")
            if not all(row[-1] for row in built):
                raise AuditError("an index that was just built is not to be used yet: rows of its table were just changed")
            tops = [row[0] for row in built if not row[4]]
            for table in dict.fromkeys(row[1] for row in built if not row[4]):
                self._do(f"analyze {table}")
            self._do(_LIMIT, [str(self._timeout_ms)])
            before, after = self._in_turn(lambda: self._time(runnable, tops), lambda: self._time(runnable))
            names = {row[3] for row in built}
            return Comparison(
                before=before,
                after=after,
                size_bytes=sum(row[5] for row in built),
                is_used=after.plan is None or any(node.index_name in names for node in after.plan.nodes()),
                insert_us=self._price([row[2] for row in built if not row[4]], tops),
            )

    def _in_turn(self, first: Callable[[], Timed], second: Callable[[], Timed]) -> tuple[Timed, Timed]:
        befores: list[Timed] = []
        afters: list[Timed] = []
        while len(befores) < self._runs and sum(each.ms for each in (*befores, *afters)) < self._whole_ms:
            befores.append(first())
            afters.append(second())
            if befores[-1].was_cut or afters[-1].was_cut:
                break
        return _median(befores), _median(afters)

    def _time(self, runnable: Runnable, dropped: Sequence[str] = ()) -> Timed:
        with self._undone(dropped):
            self._do("set local transaction_read_only = on")
            return self._timed(runnable.text, runnable.values)

    def _price(self, table_oids: Sequence[int], dropped: Sequence[str]) -> float | None:
        """Microseconds that an INSERT takes more for each row, or None where one cannot be tried."""

        def inserting(without: Sequence[str] = ()) -> float:
            with self._undone(without):
                timed = self._timed(text, values)
                limits = [node for node in timed.plan.nodes() if node.node_type == "Limit"] if timed.plan else []
                rows = limits[0].actual_rows if limits else 0
                if not rows:
                    raise AuditError("there is no row to copy, or it takes too long")
                return 1000 * timed.ms / rows

        if len(set(table_oids)) != 1:
            return None
        try:
            self._do(_LIMIT, [str(max(_PRICE_TIMEOUT_MS, self._timeout_ms))])
            text, values = insert_of_copies(self._connection, table_oids[0])
            if not text:
                return None
            pairs = [(inserting(dropped), inserting()) for _ in range(_INSERTS)][1:]
        except (psycopg.Error, AuditError):
            return None
        return max(median(more for _, more in pairs) - median(less for less, _ in pairs), 0.0)

    def _timed(self, text: str, values: Sequence[str | None] = ()) -> Timed:
        answer = exchange(self._connection, query(_TIMED + text, values))[-1]
        if answer.failure and answer.failure.sqlstate == _CANCELED:
            return Timed(ms=float(self._timeout_ms), runs=1, blocks=0, plan=None, was_cut=True)
        if answer.failure:
            raise AuditError(answer.failure.message)
        plan, flaw = plan_in(answer)
        if plan is None or flaw:
            raise AuditError(flaw)
        blocks = (plan.root.shared_hit_blocks or 0) + (plan.root.shared_read_blocks or 0)
        return Timed(ms=plan.execution_ms or 0.0, runs=1, blocks=blocks, plan=plan, was_cut=False)

    @contextmanager
    def _undone(self, dropped: Sequence[str]) -> Iterator[None]:
        """A subtransaction without these indexes, which is rolled back."""
        self._do("savepoint dbaudit")
        try:
            for name in dropped:
                self._do(f"drop index {name}")
            yield
        finally:
            if not self._connection.closed:
                self._do("rollback to savepoint dbaudit")
                self._do("release savepoint dbaudit")

    @contextmanager
    def _rolled_back(self, mode: str) -> Iterator[None]:
        """A transaction that is rolled back however it ends. Raises AuditError for what the server says."""
        timeout_ms = self._timeout_ms if mode == "read only" else max(_BUILD_TIMEOUT_MS, self._timeout_ms)
        try:
            self._do(f"begin isolation level read committed {mode}")
            self._do(_GUARDS, [str(timeout_ms), str(LOCK_TIMEOUT_MS)])
            self._do("savepoint dbaudit")
            if exchange(self._connection, query(_WATCH))[-1].failure:
                self._do("rollback to savepoint dbaudit")
            self._do("release savepoint dbaudit")
            yield
        except psycopg.Error as error:
            raise AuditError(_said(error)) from None
        finally:
            if not self._connection.closed:
                exchange(self._connection, query("rollback"))

    def _do(self, text: str, values: Sequence[str | None] = ()) -> None:
        if failure := exchange(self._connection, query(text, values))[-1].failure:
            raise AuditError(failure.message)

    def _rows(self, name: str) -> list[tuple]:
        text = files(__package__).joinpath("queries", f"{name}.sql").read_text("utf-8")
        return self._connection.execute(text, binary=True).fetchall()


def _of_variants(variants: Sequence[Variant]) -> Variant | None:
    """The first of those that take about as long as the slowest: chance does not choose between two like values."""
    times = {
        each.name: each.limit_ms or 0.0 if each.how is How.TIMED_OUT else each.plan.execution_ms or 0.0
        for each in variants
        if each.how in _RAN and each.plan
    }
    return next((each for each in variants if times.get(each.name, -1.0) >= 0.7 * max(times.values())), None)


def _median(runs: Sequence[Timed]) -> Timed:
    last = runs[-1]
    cut = [run for run in runs if run.was_cut]
    return cut[0] if cut else Timed(
        ms=median(run.ms for run in runs), runs=len(runs), blocks=last.blocks, plan=last.plan, was_cut=False
    )


def _said(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split())
