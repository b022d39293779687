"""The picture of a server's connection slots: how many are taken, in which states, and by whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, ConnectionLimit, Slots
from dbaudit.report.text import clean
from dbaudit.units import age

MASKED = "masked"
_USED, _FREE, _RESERVED = "█", "·", "▒"
_GROUPS = 8
_LIMITS = 3
# The order in which a person should see them: what needs looking after first.
_STATES = (
    "idle in transaction (aborted)", "idle in transaction", "active", "fastpath function call", "idle", "starting",
    "disabled", MASKED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sessions of one application, role and client; `oldest_ms` by state is the longest time any has been in it."""

    application: str
    user: str
    client: str
    states: dict[str, int]
    oldest_ms: dict[str, float]

    @property
    def count(self) -> int:
        return sum(self.states.values())


def lines(facts: Facts, width: int) -> list[str]:
    """The picture as plain text of at most `width` columns (60 at the least), or nothing where there are no facts."""
    width = max(60, width)
    slots = next(iter(facts.get(Slots)), None)
    if slots is None:
        return []
    return [
        *wrap(_sentence(slots), width),
        _bar(slots, width),
        *(line for text in (*_states(facts), *_limits(facts)) for line in wrap(text, width)),
        "",
        *_table(groups(facts), width),
        *(line for note in _notes(facts, slots) for line in wrap(note, width)),
    ]


def as_json(facts: Facts) -> dict[str, Any]:
    """The `slots` key of the JSON report; empty where there are no facts."""
    slots = next(iter(facts.get(Slots)), None)
    if slots is None:
        return {}
    return {
        "max_connections": slots.max_connections,
        "superuser_reserved_connections": slots.superuser_reserved_connections,
        "reserved_connections": slots.reserved_connections,
        "usable": slots.usable,
        "used": slots.used,
        "free": slots.free,
        "samples": list(slots.samples),
        "masked": slots.masked,
        "is_upper_bound": slots.masked > 0,
        "states": dict(_count_states(facts)),
        "groups": [
            {
                "application": group.application,
                "user": group.user,
                "client": group.client,
                "count": group.count,
                "states": group.states,
                "oldest_ms": {state: round(age) for state, age in group.oldest_ms.items()},
            }
            for group in groups(facts)
        ],
        "limits": [
            {"kind": limit.kind, "name": limit.name, "limit": limit.limit, "used": limit.samples[-1]}
            for limit in facts.get(ConnectionLimit)
        ],
    }


def groups(facts: Facts) -> list[Group]:
    """Who holds the slots, the largest group first."""
    members: dict[tuple[str, str, str], list[Backend]] = {}
    for backend in facts.get(Backend):
        if backend.takes_slot:
            members.setdefault((backend.application, backend.user, backend.client), []).append(backend)
    found = [_group(key, backends) for key, backends in members.items()]
    return sorted(found, key=lambda group: (-group.count, group.application, group.user, group.client))


def _group(key: tuple[str, str, str], backends: list[Backend]) -> Group:
    states = Counter(_state(backend) for backend in backends)
    ordered = sorted(states, key=_rank)
    oldest = {
        state: max((b.state_age_ms or 0 for b in backends if _state(b) == state), default=0)
        for state in ordered
        if state != MASKED
    }
    application, user, client = key
    return Group(
        application=application,
        user=user,
        client=client,
        states={state: states[state] for state in ordered},
        oldest_ms=oldest,
    )


def _state(backend: Backend) -> str:
    return MASKED if backend.is_masked else backend.state or "starting"


def _rank(state: str) -> int:
    return _STATES.index(state) if state in _STATES else len(_STATES)


def _count_states(facts: Facts) -> list[tuple[str, int]]:
    counts = Counter(_state(backend) for backend in facts.get(Backend) if backend.takes_slot)
    return sorted(counts.items(), key=lambda item: _rank(item[0]))


def _sentence(slots: Slots) -> str:
    up_to = "up to " if slots.masked else ""
    share = 100 * slots.used // max(1, slots.usable)
    return (
        f"Connection slots: {_USED} {up_to}{slots.used} used ({share} % of {slots.usable})  {_FREE} {slots.free} free  "
        f"{_RESERVED} {slots.reserved} reserved"
    )


def _bar(slots: Slots, width: int) -> str:
    length = width - 2
    total = max(1, slots.max_connections, slots.used)
    used = max(_cells(slots.used, total, length), 1 if slots.used else 0)
    free = _cells(slots.free, total, length)
    if slots.free and not free:
        free, used = 1, min(used, length - 1)
    return f"[{_USED * used}{_FREE * min(free, length - used)}{_RESERVED * max(0, length - used - free)}]"


def _cells(part: int, total: int, length: int) -> int:
    return round(part * length / total)


def _states(facts: Facts) -> list[str]:
    words = [f"{count} {state}" for state, count in _count_states(facts)]
    return ["by state: " + ", ".join(words)] if words else []


def _limits(facts: Facts) -> list[str]:
    used = [limit for limit in facts.get(ConnectionLimit) if limit.samples[-1]]
    used = sorted(used, key=lambda limit: -limit.samples[-1] / max(1, limit.limit))[:_LIMITS]
    return [f"limit of {limit.kind} {clean(limit.name)}: {limit.samples[-1]} of {limit.limit} used" for limit in used]


def _table(found: list[Group], width: int) -> list[str]:
    shown, rest = _chosen(found)
    rows = [(str(group.count), _who(group), _doing(group)) for group in shown]
    doing = min(max([len(row[2]) for row in rows] + [15]), width // 2)
    who = min(max([len(row[1]) for row in rows] + [30]), width - 12 - doing)
    header = f"{'sessions':>8}  {'application · user · client':{who}}  state (longest)"
    body = [f"{count:>8}  {_cut(name, who):{who}}  {_cut(states, width - who - 12)}" for count, name, states in rows]
    if rest:
        states = Counter()
        for group in rest:
            states.update(group.states)
        words = ", ".join(f"{states[state]} {state}" for state in sorted(states, key=_rank))
        body.append(_cut(f"{states.total():>8}  in {len(rest)} more groups: {words}", width))
    return [line.rstrip() for line in (header, *body)]


def _chosen(found: list[Group]) -> tuple[list[Group], list[Group]]:
    """The groups to show, largest first, and the others: those that idle in a transaction are shown before any."""
    if len(found) <= _GROUPS + 1:
        return found, []
    first = sorted(found, key=lambda group: not any(state in group.states for state in _STATES[:2]))[:_GROUPS]
    return [group for group in found if group in first], [group for group in found if group not in first]


def _who(group: Group) -> str:
    application = clean(group.application) or "(no name)"
    return " · ".join(part for part in (application, clean(group.user), clean(group.client)) if part)


def _doing(group: Group) -> str:
    return ", ".join(
        f"{count} {state}" + (f" ({age(group.oldest_ms[state])})" if state in group.oldest_ms else "")
        for state, count in group.states.items()
    )


def _notes(facts: Facts, slots: Slots) -> list[str]:
    notes = []
    if any(backend.is_own for backend in facts.get(Backend)):
        notes.append("One of these is dbaudit itself.")
    if slots.masked:
        notes.append(f"{slots.masked} belong to other roles: their states are masked without pg_monitor.")
    return notes


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
