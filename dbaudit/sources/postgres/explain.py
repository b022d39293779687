"""EXPLAIN of unknown statements, without harm.

Each statement goes through the gate in a read-only transaction of its own, which is always rolled back: the server
parses it, prepares it, plans it; what it would call is looked up; only what can be seen to change nothing is run.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from secrets import token_hex

import psycopg
from psycopg.pq import TransactionStatus

from dbaudit.errors import ServerGone
from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Alternative, Explained, How, Statement, Variant
from dbaudit.sources.postgres import alternatives, variants
from dbaudit.sources.postgres.outcome import (
    of_failure_when_planned,
    of_failure_when_run,
    of_utility,
    plan_in,
    reason_not_run,
    reason_not_sent,
)
from dbaudit.sources.postgres.pipeline import Answer, Failure, Message, describe, exchange, exchange_each, parse, query
from dbaudit.sources.postgres.repair import cast, reason_untyped, repaired, without_place
from dbaudit.sources.postgres.session import Session
from dbaudit.sources.postgres.shape import PLANNABLE, first_word, may_select_into
from dbaudit.sources.postgres.volatility import Volatility

# How many statements the server may be ahead of us where nothing is run.
PLANNED_TOGETHER = 16
# How many statements of a run are planned again under other settings.
MOST_ALTERNATIVES = 300
# Of the statements behind these the plans are made small, so that thousands of them fit in memory.
PLANS_KEPT_WHOLE = 1000
NOT_ANALYZED = "--no-analyze"
GENERIC = "has parameters: planned with a generic plan"

_PARAMETER = re.compile(r"\$\d")
# PREPARE takes statements with a plan only: a syntax error, or 42P14 for SELECT INTO before 15, says it is none.
_NOT_PREPARABLE = ("42601", "42P14")
_OWN_ADVISORY_LOCKS = (
    "select pg_catalog.count(*) from pg_catalog.pg_locks"
    " where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid()"
)
_TYPE_NAME = "select pg_catalog.format_type(oid, null) from pg_catalog.pg_type where oid = $1 and typname <> 'unknown'"
_PLAN_OPTIONS = "verbose, settings, summary, format json"
_RUN_OPTIONS = "analyze, buffers, verbose, settings, format json"


def explain(
    session: Session,
    statements: Iterable[Statement],
    *,
    analyze: bool = True,
    timeout_ms: int = 30_000,
    show_values: bool = False,
    runs: int = 1,
) -> Iterator[Explained]:
    """Each statement with what EXPLAIN said, in order, each as soon as it is known.

    Where `analyze` is false nothing is run. `runs` is how often each statement is run, with each set of values for its
    parameters, each time through the whole gate; `timeout_ms` limits the planning and the running of each time. Those values are left out of what is returned unless `show_values`. Raises
    ServerGone where the connection is lost.
    """
    gate = Gate(session, analyze=analyze, timeout_ms=timeout_ms, show_values=show_values, runs=runs)
    remaining = iter(statements)
    count = 0
    try:
        while window := tuple(islice(remaining, 1 if analyze else PLANNED_TOGETHER)):
            for explained in map(gate.explain, window) if analyze else gate.plan_together(window):
                count += 1
                yield _as_kept(explained, is_one_of_many=count > PLANS_KEPT_WHOLE)
    finally:
        gate.leave_nothing()


class Gate:
    """What every statement has to pass. One at a time, on one connection."""

    def __init__(
        self, session: Session, *, analyze: bool, timeout_ms: int, show_values: bool = False, runs: int = 1
    ) -> None:
        self._session = session
        self._analyze = analyze
        self._show_values = show_values
        self._timeout_ms = timeout_ms
        self._runs = runs
        self._volatility = Volatility(session)
        # A pooler may hand us a server connection on which another run left its name.
        self._name = f"dbaudit_{token_hex(4)}"
        self._is_prepared = False
        self._has_run = False
        self._is_again = False
        self._alternatives_left = MOST_ALTERNATIVES

    def explain(self, statement: Statement) -> Explained:
        """Plans the statement, runs it if nothing in it acts, and rolls back; as often as asked. Raises ServerGone."""
        if reason := reason_not_sent(statement):
            return Explained(statement=statement, how=How.NOT_RUN, reason=reason)
        if statement.is_ambiguous:
            as_written = self._explain(replace(statement, edits=(), parameters=(), value_sets=()))
            if as_written.how is not How.REJECTED:
                return self._repeated(as_written, lambda: self._explain(as_written.statement))
        first = self._explain(statement)
        return self._repeated(first, lambda: self._explain(first.statement))

    def _repeated(self, first: Explained, again: Callable[[], Explained]) -> Explained:
        """The first run and the further ones as one; where there was none, or variants have theirs, what there is."""
        if first.how is not How.ANALYZED or first.runs:
            return first
        from dbaudit.sources.postgres.runs import together

        every = [first]
        self._is_again = True
        while len(every) < self._runs and every[-1].how is How.ANALYZED:
            every.append(again())
        self._is_again = False
        return replace(together(every, wanted=self._runs), alternatives=first.alternatives)

    def _explain(self, statement: Statement) -> Explained:
        with self._session.losing_the_server():
            try:
                if reason := self._volatility.reason_before_planning(statement.sent):
                    return Explained(statement=statement, how=How.NOT_RUN, reason=reason)
                return self._within_transaction(statement)
            except psycopg.Error as error:
                if self._session.connection.closed:
                    raise
                reason = f"could not be looked up: {error.diag.message_primary or error}"
                return Explained(statement=statement, how=How.NOT_RUN, reason=reason)
            finally:
                self._roll_back()

    def plan_together(self, statements: Sequence[Statement]) -> Iterator[Explained]:
        """Plans statements of which none is to be run, with the server a few ahead of us. Raises ServerGone.

        Whatever is not planned at the first attempt is looked at alone.
        """
        ordinary = [statement for statement in statements if self._is_ordinary(statement)]
        plans = dict(zip(map(id, ordinary), self._plans(ordinary)))
        for statement in statements:
            if plan := plans.get(id(statement)):
                planned = Explained(statement=statement, how=How.PLANNED, reason=NOT_ANALYZED, plan=plan)
                yield self._with_alternatives(planned)
            else:
                yield self.explain(statement)

    def _is_ordinary(self, statement: Statement) -> bool:
        """Whether planning the statement needs its text alone, and cannot act."""
        if reason_not_sent(statement) or statement.is_ambiguous or not _is_planned_at_once(statement.sent):
            return False
        try:
            return not self._volatility.reason_before_planning(statement.sent)
        except (psycopg.Error, ServerGone):
            return False

    def _plans(self, statements: Sequence[Statement]) -> list[Plan | None]:
        """The plan of each, None where the server refused; fewer than statements where the connection was lost."""
        opening = self._session.opening(self._timeout_ms)
        batches: list[list[Message]] = []
        for statement in statements:
            explaining = query(f"explain ({_PLAN_OPTIONS}) {statement.sent}")
            batches += [*opening, parse(statement.sent), describe, explaining], [query("rollback")]
        plans: list[Plan | None] = []
        with suppress(ServerGone), self._session.losing_the_server():
            for number, answers in enumerate(exchange_each(self._session.connection, batches)):
                if number % 2 == 0:
                    plans.append(None if answers[-1].failure else plan_in(answers[-1])[0])
        return plans

    def leave_nothing(self) -> None:
        """Gives back advisory locks that outlived their transaction: a function that lied about itself took them."""
        if not self._has_run or self._session.connection.closed:
            return
        with suppress(psycopg.Error, ServerGone):
            if self._session.rows(_OWN_ADVISORY_LOCKS) != [(0,)]:
                self._session.rows("select pg_catalog.pg_advisory_unlock_all()")

    def _within_transaction(self, statement: Statement) -> Explained:
        text = statement.sent
        opening = [*self._session.opening(self._timeout_ms), parse(text), describe]
        is_plannable = first_word(text) in PLANNABLE
        at_once = _is_planned_at_once(text)
        answers, elapsed_ms = self._plan(opening, text) if at_once else self._send(*opening)
        failure = answers[-1].failure
        if failure and len(answers) > len(opening) and failure.sqlstate in _NOT_PREPARABLE:
            return of_utility(statement)
        if failure and (better := self._repaired(statement, failure)):
            self._roll_back()
            explained = self._explain(better)
            if explained.how is not How.REJECTED:
                return explained
        if failure and (reason := reason_untyped(statement, failure)):
            return Explained(statement=statement, how=How.NOT_RUN, reason=reason)
        if failure:
            return of_failure_when_planned(statement, failure, elapsed_ms=elapsed_ms, limit_ms=self._timeout_ms)
        if not is_plannable:
            return of_utility(statement)
        described = answers[len(opening) - 1]
        if not described.columns and may_select_into(text):
            return of_utility(statement)
        if described.parameters:
            return self._with_parameters(statement, described)
        if not at_once:
            answers, elapsed_ms = self._plan((), text)
            if failure := answers[-1].failure:
                return of_failure_when_planned(statement, failure, elapsed_ms=elapsed_ms, limit_ms=self._timeout_ms)
        running = query(f"explain ({_RUN_OPTIONS}) execute {self._name}")
        explained = self._judge(statement, answers[-1], running, columns=described.columns)
        self._roll_back()
        return self._with_alternatives(explained) if at_once and not self._is_again else explained

    def _repaired(self, statement: Statement, failure: Failure) -> Statement | None:
        """The statement with a parameter cast that the server could not give a type to, or None."""
        if better := repaired(statement, failure):
            return better
        name, text = without_place(statement.sent, failure)
        asked = name
        while text:
            # What its other places say is what the server deduces where this one is not there.
            self._roll_back()
            answers, _ = self._send(*self._session.opening(self._timeout_ms), parse(text), describe)
            if not (failed := answers[-1].failure):
                types, number = answers[-1].parameters, int(name[1:])
                oid = types[number - 1] if number <= len(types) else 0
                rows = self._session.connection.execute(_TYPE_NAME, [oid], binary=True).fetchall()
                return cast(statement, name, rows[0][0] if rows else "text")
            asked, text = without_place(text, failed) if asked == name else ("", "")
        return None

    def _judge(self, statement: Statement, answer: Answer, running: Message, *, columns: int) -> Explained:
        """Runs what was planned, or says why not."""
        plan, flaw = plan_in(answer)
        if plan is None:
            return Explained(statement=statement, how=How.NOT_RUN, reason=flaw)
        reason = (
            (NOT_ANALYZED if not self._analyze else "") or flaw or self._reason_not_run(statement, plan, columns)
        )
        if reason:
            return Explained(statement=statement, how=How.PLANNED, reason=reason, plan=plan)
        self._has_run = True
        answers, elapsed_ms = self._send(running)
        if failure := answers[-1].failure:
            return of_failure_when_run(statement, plan, failure, elapsed_ms=elapsed_ms, limit_ms=self._timeout_ms)
        run, reason = plan_in(answers[-1])
        if run is None:
            return Explained(statement=statement, how=How.PLANNED, reason=reason, plan=plan)
        # The second EXPLAIN found the plan made: it took the time of the first.
        return Explained(statement=statement, how=How.ANALYZED, plan=replace(run, planning_ms=plan.planning_ms))

    def _reason_not_run(self, statement: Statement, plan: Plan, columns: int) -> str:
        return (
            reason_not_run(plan, columns=columns)
            or self._volatility.reason_in_plan(plan)
            or self._volatility.reason_in_text(statement.sent)
        )

    def _with_parameters(self, statement: Statement, described: Answer) -> Explained:
        """The generic plan, and what comes of it with values where running it could not act."""
        from dbaudit.sources.postgres import trials

        generic = self._plan_generically(statement, described)
        if generic.plan is None or self._reason_not_run(statement, generic.plan, described.columns):
            return generic
        sets, remarks = trials.value_sets(self._session.connection, statement, described.parameters, generic.plan)
        self._roll_back()
        known = variants.literals(statement.text) | variants.literals_in_plan(generic.plan)
        tried = [self._variant(statement, described, name, values, known) for name, values in sets.items()]
        return variants.together(generic, tried, remarks)

    def _variant(
        self, statement: Statement, described: Answer, name: str, values: Sequence[str | None], known: set[str]
    ) -> Variant:
        """What comes of the statement with these values, bound to it as its program would: in a transaction of its own."""

        def explaining(options: str) -> Message:
            return query(f"explain ({options}) {statement.sent}", values, described.parameters)

        opening = self._session.opening(self._timeout_ms)
        printing = query(*variants.as_printed(values, described.parameters))
        printed = values

        def once() -> Explained:
            nonlocal printed
            try:
                answers, _ = self._send(*opening, printing, explaining(_PLAN_OPTIONS))
                if failure := answers[-1].failure:
                    return Explained(statement=statement, how=How.NOT_RUN, reason=failure.message)
                printed = json.loads(answers[len(opening)].value or b"null") or values
                return self._judge(statement, answers[-1], explaining(_RUN_OPTIONS), columns=described.columns)
            finally:
                self._roll_back()

        explained = self._with_alternatives(self._repeated(once(), once), values, described.parameters)
        return variants.told(explained, name, values, None if self._show_values else (known, printed))

    def _with_alternatives(
        self, explained: Explained, values: Sequence[str | None] = (), types: Sequence[int] = ()
    ) -> Explained:
        """The statement with its plans under other settings, where they say something; each in its own transaction."""
        tried = alternatives.worth_trying(explained.plan) if explained.plan else ()
        if not tried or not self._alternatives_left:
            return explained
        self._alternatives_left -= 1
        opening = self._session.opening(self._timeout_ms)
        explaining = query(f"explain ({_PLAN_OPTIONS}) {explained.statement.sent}", values, types)
        batches: list[list[Message]] = []
        for name, value in tried:
            batches += [*opening, alternatives.changing(name, value), explaining], [query("rollback")]
        answers: list[list[Answer]] = []
        with suppress(ServerGone), self._session.losing_the_server():
            answers = list(exchange_each(self._session.connection, batches))[::2]
        plans = [None if answer[-1].failure else plan_in(answer[-1])[0] for answer in answers]
        found = [
            Alternative(setting=f"{name} = {value}", plan=plan) for (name, value), plan in zip(tried, plans) if plan
        ]
        return replace(explained, alternatives=tuple(found))

    def _plan_generically(self, statement: Statement, described: Answer) -> Explained:
        """EXPLAIN (GENERIC_PLAN) is of no use: over the extended protocol it plans for the NULLs that it is given."""
        forced = query("select pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)")
        nulls = ", ".join(["null"] * len(described.parameters))
        answers, _ = self._plan([forced], statement.sent, f"({nulls})")
        plan, reason = plan_in(answers[-1])
        if failure := answers[-1].failure:
            reason = f"has parameters, and the server cannot plan it without their values: {failure.message}"
        if plan is None:
            return Explained(statement=statement, how=How.NOT_RUN, reason=reason)
        theirs = {name: value for name, value in plan.settings.items() if name != "plan_cache_mode"}
        return Explained(statement=statement, how=How.PLANNED, reason=GENERIC, plan=replace(plan, settings=theirs))

    def _plan(self, opening: Sequence[Message], text: str, values: str = "") -> tuple[list[Answer], float]:
        """Sends what is given, PREPARE and EXPLAIN of the text as one batch, and the end where nothing will be run."""
        planning = [
            query("savepoint dbaudit"),
            query(f"prepare {self._name} as {text}"),
            query(f"explain ({_PLAN_OPTIONS}) execute {self._name}{values}"),
        ]
        planned = len(opening) + len(planning)
        closing = [] if self._analyze or values else [query(f"deallocate {self._name}"), query("rollback")]
        self._is_prepared = True
        answers, elapsed_ms = self._send(*opening, *planning, *closing)
        self._is_prepared = planned <= len(answers) < planned + 2
        return answers[:planned], elapsed_ms

    def _send(self, *messages: Message) -> tuple[list[Answer], float]:
        """The answers and how many milliseconds they took."""
        started = time.monotonic()
        answers = exchange(self._session.connection, *messages)
        return answers, (time.monotonic() - started) * 1000

    def _roll_back(self) -> None:
        """Ends the transaction, and before that the prepared statement, which would outlive it."""
        connection = self._session.connection
        if connection.closed or connection.info.transaction_status == TransactionStatus.IDLE:
            return
        is_aborted = connection.info.transaction_status == TransactionStatus.INERROR
        back = ["rollback to savepoint dbaudit"] if is_aborted else []
        messages = [*back, f"deallocate {self._name}"] if self._is_prepared else []
        self._is_prepared = False
        if exchange(connection, *map(query, [*messages, "rollback"]))[-1].failure:
            exchange(connection, query("rollback"))


def _as_kept(explained: Explained, *, is_one_of_many: bool) -> Explained:
    """Facts outlive the report: what was given for the parameters is no part of them."""
    if explained.statement.value_sets:
        explained = replace(explained, statement=replace(explained.statement, value_sets=()))
    if not is_one_of_many or explained.plan is None:
        return explained
    small = {id(each.plan): each.plan.compressed() for each in (explained, *explained.variants) if each.plan}
    tried = tuple(replace(variant, plan=small.get(id(variant.plan))) for variant in explained.variants)
    return replace(explained, plan=small[id(explained.plan)], variants=tried)


def _is_planned_at_once(text: str) -> bool:
    """Whether EXPLAIN of the text plans it, and does nothing else, without another look at it."""
    return first_word(text) in PLANNABLE and not _PARAMETER.search(text) and not may_select_into(text)
