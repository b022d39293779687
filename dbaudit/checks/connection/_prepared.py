"""Prepared transactions: what to call them, which are too old, and how a person finishes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from dbaudit.checks.connection._sessions import literal, shortened
from dbaudit.facts.activity import PreparedTransaction
from dbaudit.finding import Finding, Fix, Severity, Subject
from dbaudit.units import age


class Thresholds(Protocol):
    warning_s: float
    error_s: float


def prepared_name(prepared: PreparedTransaction) -> str:
    """By owner and database: its own identifier is random, and would make every finding a new one."""
    return f"{prepared.owner}@{prepared.database}"


def unfinished(transactions: Iterable[PreparedTransaction], options: Thresholds) -> Iterator[Finding]:
    """One CON003 for each owner and database that left transactions prepared for long."""
    groups: dict[str, list[PreparedTransaction]] = {}
    for prepared in transactions:
        if prepared.age_ms >= options.warning_s * 1000:
            groups.setdefault(prepared_name(prepared), []).append(prepared)
    for name, group in groups.items():
        oldest = max(group, key=lambda prepared: prepared.age_ms)
        more = "" if len(group) == 1 else f", the oldest of {len(group)},"
        yield Finding(
            code="CON003",
            subject=Subject(kind="prepared transaction", name=name),
            message=f"prepared transaction {literal(shortened(oldest.gid))} of {name}{more} was prepared "
            f"{age(oldest.age_ms)} ago and is not finished; it keeps its locks and holds back VACUUM",
            severity=Severity.ERROR if oldest.age_ms >= options.error_s * 1000 else Severity.WARNING,
            evidence={"time_ms": round(oldest.age_ms), "prepared_count": len(group), "gid": oldest.gid},
            fixes=(finish(oldest),),
        )


def finish(prepared: PreparedTransaction) -> Fix:
    """The statement that rolls it back. Whether that is right only its transaction manager knows."""
    return Fix(
        title=f"in database {prepared.database}, COMMIT PREPARED or ROLLBACK PREPARED, as the transaction manager "
        "decided; rolling back loses what it did",
        statements=(f"ROLLBACK PREPARED {literal(prepared.gid)};",),
        applicability="manual",
        in_transaction=False,
    )
