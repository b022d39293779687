"""How full is too full, and who holds the slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from dbaudit.checks.connection._sessions import sessions, shortened
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, ConnectionLimit
from dbaudit.finding import Finding, Fix, Severity, Subject


class Thresholds(Protocol):
    warning_ratio: float
    error_ratio: float
    one_sample_error_ratio: float
    few_left: int


def severity(samples: tuple[int, ...], usable: int, options: Thresholds, *, few_left: int = 0) -> Severity | None:
    """How bad these counts are: what every sample shows weighs more than what one of them shows."""
    lowest, highest = min(samples) / max(1, usable), max(samples) / max(1, usable)
    is_lasting = len(samples) > 1
    is_near = lowest >= options.warning_ratio and usable - min(samples) < few_left
    if highest >= options.one_sample_error_ratio or (is_lasting and (is_near or lowest >= options.error_ratio)):
        return Severity.ERROR
    if lowest >= options.warning_ratio or highest >= options.error_ratio:
        return Severity.WARNING
    return None


def largest_group(facts: Facts) -> str:
    """Who holds the most slots, as a phrase: application, role and client."""
    holders = Counter(
        (shortened(backend.application or "no application name", 40), backend.user, backend.client)
        for backend in facts.get(Backend)
        if backend.takes_slot and not backend.is_own
    )
    if not holders:
        return "who holds them is not known"
    group, count = min(holders.items(), key=lambda item: (-item[1], item[0]))
    return f"the largest group, {sessions(count)}, is {' · '.join(part for part in group if part)}"


def limited(limit: ConnectionLimit, options: Thresholds) -> Iterator[Finding]:
    """What a database's or a role's own limit gives cause to say, if anything."""
    used, alter = limit.samples[-1], f"ALTER {limit.kind.upper()} {limit.name} CONNECTION LIMIT"
    if limit.limit >= options.few_left:
        level = severity(limit.samples, limit.limit, options)
    else:
        level = Severity.WARNING if limit.limit > 1 and min(limit.samples) >= limit.limit else None
    if level is None:
        return
    yield Finding(
        code="CON001",
        subject=Subject(kind=limit.kind, name=limit.name),
        message=f"{used} of the {limit.limit} connections that {limit.kind} {limit.name} may have are taken",
        severity=level,
        evidence={"used_count": used, "limit_count": limit.limit, "used_ratio": round(used / limit.limit, 3)},
        fixes=(
            Fix(
                title=f"give {limit.name} a higher limit if it needs more, or smaller pools",
                statements=(f"{alter} {limit.limit * 2};",),
                applicability="manual",
                undo=(f"{alter} {limit.limit};",),
            ),
        ),
    )

