"""Several messages of the extended protocol in one round trip.

A message carries one statement, whatever its text: a second one behind a semicolon is a syntax error of the server.
After an error the server ignores the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen

Message = Callable[[pq.abc.PGconn], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The server's error. `position` counts characters of the statement from 1; None where the server names none."""

    sqlstate: str
    message: str
    hint: str = ""
    position: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said to one message. `value` is the first column of the first row; None where there is none.

    `columns` and the types of the parameters (their oids) are what Describe told.
    """

    failure: Failure | None = None
    value: bytes | None = None
    columns: int = 0
    parameters: tuple[int, ...] = ()


def query(text: str, values: Sequence[str | None] = (), types: Sequence[int] = ()) -> Message:
    """Parse, Bind and Execute; the values are in text form, None is NULL, and of these types where they are given."""
    encoded = [None if value is None else value.encode() for value in values]
    return lambda pgconn: pgconn.send_query_params(text.encode(), encoded, types or None)


def parse(text: str) -> Message:
    """Parse alone, as the unnamed statement: nothing is planned or run."""
    return lambda pgconn: pgconn.send_prepare(b"", text.encode())


def describe(pgconn: pq.abc.PGconn) -> None:
    """Describe of the unnamed statement."""
    pgconn.send_describe_prepared(b"")


def exchange(connection: psycopg.Connection, *messages: Message) -> list[Answer]:
    """The answers up to the first failure, which is the last of them.

    Raises psycopg.OperationalError where the connection is lost. Ctrl-C cancels the statement in the server.
    """
    (answers,) = exchange_each(connection, [messages])
    return answers


def exchange_each(connection: psycopg.Connection, batches: Sequence[Sequence[Message]]) -> Iterator[list[Answer]]:
    """The answers to each batch up to its first failure; a failure ends its own batch alone.

    All batches are sent at once, so that the server goes on while the caller is busy with an answer. Meanwhile nothing
    else may be sent. Raises psycopg.OperationalError where the connection is lost.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    unread = len(batches)
    try:
        for batch in batches:
            for message in batch:
                message(pgconn)
            pgconn.pipeline_sync()
        connection.wait(generators.send(pgconn))
        while unread:
            unread -= 1
            yield _answers(connection, connection.wait(_results(pgconn)))
    finally:
        while unread and not connection.closed:
            unread -= 1
            connection.wait(_results(pgconn))
        if not connection.closed:
            pgconn.exit_pipeline_mode()


def _results(pgconn: pq.abc.PGconn) -> PQGen[list[pq.abc.PGresult]]:
    """The results of the next batch, one for each message, as psycopg's wait loop runs it."""
    results: list[pq.abc.PGresult] = []
    while True:
        result = (yield from generators.fetch_many(pgconn))[0]
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results.append(result)


def _answers(connection: psycopg.Connection, results: Sequence[pq.abc.PGresult]) -> list[Answer]:
    answers: list[Answer] = []
    for result in results:
        answers.append(_answer(result))
        if answers[-1].failure:
            break
    if connection.closed:
        lost = answers[-1].failure if answers else None
        raise psycopg.OperationalError(lost.message if lost else "the connection was closed")
    return answers


def _answer(result: pq.abc.PGresult) -> Answer:
    if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED):
        return Answer(failure=_failure(result))
    return Answer(
        value=result.get_value(0, 0) if result.ntuples else None,
        columns=result.nfields,
        parameters=tuple(map(result.param_type, range(result.nparams))),
    )


def _failure(result: pq.abc.PGresult) -> Failure:
    def said(field: pq.DiagnosticField) -> str:
        return (result.error_field(field) or b"").decode("utf-8", "replace")

    position = said(pq.DiagnosticField.STATEMENT_POSITION)
    return Failure(
        sqlstate=said(pq.DiagnosticField.SQLSTATE),
        message=said(pq.DiagnosticField.MESSAGE_PRIMARY) or " ".join(result.get_error_message().split()),
        hint=said(pq.DiagnosticField.MESSAGE_HINT),
        position=int(position) if position else None,
        detail=said(pq.DiagnosticField.MESSAGE_DETAIL),
    )
