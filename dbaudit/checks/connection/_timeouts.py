"""Which timeout a session starts with, and how to give its role another."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.checks.connection._sessions import literal
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, SessionTimeout
from dbaudit.finding import Fix

IDLE_IN_TRANSACTION = "idle_in_transaction_session_timeout"
_IDLE_S = 60


def effective(name: str, role: str, database: str, timeouts: Iterable[SessionTimeout]) -> SessionTimeout | None:
    """The setting that a new session of `role` in `database` gets, or None where nothing is known.

    The most particular wins: role in database, role, database, server (PostgreSQL's documentation, ALTER ROLE).
    """
    layers = {(timeout.role, timeout.database): timeout for timeout in timeouts if timeout.name == name}
    order = ((role, database), (role, ""), ("", database), ("", ""))
    return next((layers[layer] for layer in order if layer in layers), None)


def change(
    name: str, value: str, role: str, database: str, timeouts: Iterable[SessionTimeout]
) -> tuple[str, str]:
    """The statement that gives a role another timeout, and the one that takes it back to what it was.

    The role's setting in the database is changed where there is one, since it would win over the role's own.
    """
    own = {
        (timeout.role, timeout.database): timeout.written
        for timeout in timeouts
        if timeout.name == name and timeout.role == role
    }
    place = database if (role, database) in own else ""
    target = f"ALTER ROLE {role}" + (f" IN DATABASE {place}" if place else "")
    before = own.get((role, place))
    undo = f"{target} RESET {name};" if before is None else f"{target} SET {name} = {literal(before)};"
    return f"{target} SET {name} = {literal(value)};", undo


def shorter_timeout(facts: Facts, backend: Backend) -> tuple[Fix, ...]:
    """What ends sessions like this one once they idle in a transaction; nothing where a timeout as short is there."""
    timeouts = facts.get(SessionTimeout)
    now = effective(IDLE_IN_TRANSACTION, backend.user, backend.database, timeouts)
    if backend.is_superuser or (now and now.value_ms and now.value_ms <= _IDLE_S * 1000):
        return ()
    statement, undo = change(IDLE_IN_TRANSACTION, f"{_IDLE_S}s", backend.user, backend.database, timeouts)
    return (
        Fix(
            title=f"end sessions of {backend.user} that idle in a transaction for {_IDLE_S} s, from the next login on",
            statements=(statement,),
            applicability="unsafe",
            undo=(undo,),
        ),
    )
