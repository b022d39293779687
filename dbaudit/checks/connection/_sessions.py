"""What the checks of connections say about sessions in the same words: names, durations, what a session holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, Lock, Slots
from dbaudit.facts.sessions import SessionGroup
from dbaudit.finding import Fix, Unknown

# Table lock modes, weakest first, from PostgreSQL's documentation, "Explicit Locking".
_MODES = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
    "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)
_SHOWN = 3


def group_name(backend: Backend) -> str:
    """Who a session belongs to, the same for all that a pool opens: role@database (application).

    Some applications put their process id into their name: numbers of four digits and more are left out of it.
    """
    application = f" ({re.sub('[0-9]{4,}', '#', backend.application)})" if backend.application else ""
    return f"{backend.user or backend.backend_type}@{backend.database}{application}"


def used_by(group: SessionGroup) -> str:
    """The same name for a group as it was counted look by look."""
    return f"{group.user}@{group.database}" + (f" ({group.application})" if group.application else "")


def sessions(count: int) -> str:
    """A count of sessions in words: 1 session, 2 sessions."""
    return f"{count} session{'' if count == 1 else 's'}"


def shortened(text: str, length: int = 60) -> str:
    """A client's text on one line, cut to `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def literal(text: str) -> str:
    """A string constant of SQL, with standard_conforming_strings on."""
    return "'" + text.replace("'", "''") + "'"


def clients(facts: Facts) -> Iterator[Backend]:
    """The client backends whose state we see, without our own."""
    return (b for b in facts[Backend] if b.backend_type == "client backend" and not b.is_masked and not b.is_own)


def waiters_by_pid(facts: Facts) -> dict[int, list[Backend]]:
    """Which sessions wait for a process, directly, by its id; 0 stands for prepared transactions."""
    waiters: dict[int, list[Backend]] = {}
    for backend in facts[Backend]:
        for blocker in set(backend.blocked_by):
            waiters.setdefault(blocker, []).append(backend)
    return waiters


def lock_wait_ms(pid: int, locks: Iterable[Lock]) -> float:
    """How long a process has waited for the lock it waits for, or 0."""
    return max((lock.wait_ms or 0 for lock in locks if lock.pid == pid and not lock.is_granted), default=0)


def holds(backend: Backend, locks: Iterable[Lock]) -> str:
    """What others may have to wait for while this session's transaction is open, as a phrase."""
    strongest: dict[str, str] = {}
    for lock in locks:
        if lock.pid == backend.pid and lock.is_granted and lock.type == "relation":
            place = lock.relation or "a relation of another database"
            strongest[place] = max(strongest.get(place, _MODES[0]), lock.mode, key=_strength)
    ranked = sorted(strongest.items(), key=lambda item: (-_strength(item[1]), item[0]))
    parts = [f"{mode} on {relation}" for relation, mode in ranked[:_SHOWN]]
    if len(ranked) > _SHOWN:
        parts.append(f"locks on {len(ranked) - _SHOWN} more relations")
    if any(lock.pid == backend.pid and lock.is_granted and lock.type == "advisory" for lock in locks):
        parts.append("an advisory lock")
    if backend.xid_age is not None:
        parts.append("a transaction id (it has written)")
    if backend.xmin_age is not None:
        parts.append("a snapshot that keeps VACUUM from removing dead rows")
    if not parts:
        return "nothing but its connection slot"
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def masked(facts: Facts) -> Iterator[Unknown]:
    """That other roles' sessions could not be judged, where there are any."""
    slots = next(iter(facts.get(Slots)), None)
    if slots and slots.masked:
        yield Unknown(
            reason=f"{slots.masked} of {sessions(slots.used)} belong to other roles and are masked",
            remedy="grant pg_monitor to the role that dbaudit connects as",
        )


def end_session(backend: Backend, what: str) -> Fix:
    """The statement that ends one session now. It is for a person to decide: what the session did is rolled back."""
    return Fix(
        title=f"end {what} now; what it did since its last commit is lost",
        statements=(f"SELECT pg_terminate_backend({backend.pid});",),
        applicability="manual",
    )


def _strength(mode: str) -> int:
    return _MODES.index(mode) if mode in _MODES else -1
