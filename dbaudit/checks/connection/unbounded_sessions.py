"""Nothing ends a session left idle in a transaction, or a statement that never comes back.

## What it does
Looks at the roles that clients are connected as, and at what `idle_in_transaction_session_timeout` and
`statement_timeout` their new sessions start with. Where both are off because nobody ever set them, that is one finding
for the server. Where a role's own setting turns off what the server or the database sets, that is one for the role.

## Why it matters
One forgotten transaction holds its locks until somebody finds it by hand. One runaway statement holds a slot and a
core. A timeout turns both into an error in the application that caused them.

## How it is found
The settings of `ALTER ROLE … IN DATABASE`, `ALTER ROLE`, `ALTER DATABASE` and the server, in this order.
`transaction_timeout` (PostgreSQL 17 and later) bounds both. Superusers and interactive, backup and monitoring tools
are left out. What an application sets after it has connected cannot be seen: the confidence is medium.

## Example
    SHOW idle_in_transaction_session_timeout;     -- 0

## Instead
    ALTER ROLE app SET idle_in_transaction_session_timeout = '60s';
    ALTER ROLE app SET statement_timeout = '30s';

## When to ignore
Where the application sets the timeouts itself, or the role runs jobs that may take as long as they like.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbaudit.checks.connection._sessions import sessions
from dbaudit.checks.connection._timeouts import IDLE_IN_TRANSACTION, change, effective
from dbaudit.checks.registry import Verdicts, check
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, SessionTimeout
from dbaudit.finding import Confidence, Finding, Fix, Severity, Subject, Unknown

_VALUES = {IDLE_IN_TRANSACTION: "60s", "statement_timeout": "30s"}
_TOOLS = ("psql", "pgadmin", "dbeaver", "datagrip", "pg_", "barman", "postgres_exporter", "dbaudit")
_SHOWN = 5

# A timeout that is off (name), the role and the database it is off for, and the setting that says so.
_Off = tuple[str, str, str, SessionTimeout]


@check("CON010", name="unbounded-sessions", severity=Severity.INFO, needs=(Backend, SessionTimeout))
def unbounded_sessions(facts: Facts) -> Verdicts:
    applications = _applications(facts)
    off = [one for application in applications for one in _off(*application, facts[SessionTimeout])]
    by_default = [one for one in off if one[3].value_ms == 0 and not one[3].role]
    if by_default:
        names = sorted({name for name, *_ in by_default})
        roles = sorted({role for _, role, *_ in by_default})
        count = sum(n for (role, database), n in applications.items() if any(o[1:3] == (role, database) for o in by_default))
        yield _finding(Subject(kind="server", name="session timeouts"), names, roles, count, by_default, facts)
    for role in sorted({one[1] for one in off if one[3].value_ms == 0 and one[3].role}):
        own = [one for one in off if one[3].value_ms == 0 and one[3].role == role]
        count = sum(n for application, n in applications.items() if application[0] == role)
        yield _finding(Subject(kind="role", name=role), sorted({name for name, *_ in own}), [role], count, own, facts)
    for name in sorted({name for name, _, _, setting in off if setting.value_ms is None}):
        yield Unknown(
            reason=f"the server's own {name} cannot be seen: our role, database or connection has another",
            remedy="connect as a role that has no such setting",
        )


def _applications(facts: Facts) -> dict[tuple[str, str], int]:
    """How many sessions each role has in each database, without superusers, tools and ourselves."""
    counts: dict[tuple[str, str], int] = {}
    for backend in facts[Backend]:
        is_tool = backend.is_own or backend.application.lower().startswith(_TOOLS)
        if backend.takes_slot and not backend.is_superuser and not is_tool:
            key = (backend.user, backend.database)
            counts[key] = counts.get(key, 0) + 1
    return counts


def _off(role: str, database: str, timeouts: tuple[SessionTimeout, ...]) -> Iterator[_Off]:
    whole = effective("transaction_timeout", role, database, timeouts)
    if whole and whole.value_ms:
        return
    for name in _VALUES:
        setting = effective(name, role, database, timeouts)
        if setting and not setting.value_ms:
            yield name, role, database, setting


def _finding(
    subject: Subject, names: list[str], roles: list[str], count: int, off: list[_Off], facts: Facts
) -> Finding:
    shown = ", ".join(roles[:_SHOWN]) + (f" and {len(roles) - _SHOWN} more" if len(roles) > _SHOWN else "")
    changes = dict.fromkeys(
        change(name, _VALUES[name], role, database, facts[SessionTimeout]) for name, role, database, _ in off
    )
    return Finding(
        code="CON010",
        subject=subject,
        message=f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} off for {shown} ({sessions(count)})",
        severity=Severity.INFO,
        evidence={"role_count": len(roles), "session_count": count, "settings": ", ".join(names)},
        fixes=(
            Fix(
                title="set timeouts for the roles that applications use",
                statements=tuple(statement for statement, _ in changes),
                applicability="unsafe",
                undo=tuple(undo for _, undo in changes),
            ),
        ),
        confidence=Confidence.MEDIUM,
    )
