"""Who keeps VACUUM from removing rows: sessions, prepared transactions, replication slots and standbys, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbaudit.checks.connection._prepared import finish, prepared_name
from dbaudit.checks.connection._sessions import end_session, group_name, literal
from dbaudit.facts import Facts
from dbaudit.facts.activity import Backend, PreparedTransaction
from dbaudit.facts.sessions import ReplicationHorizon
from dbaudit.finding import Fix, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One that holds the horizon `xid_age` transactions back. `age_ms` is None where nobody knows for how long.

    `is_catalog_only` where only the system catalogs are kept.
    """

    subject: Subject
    what: str
    xid_age: int
    age_ms: float | None
    is_catalog_only: bool
    fix: Fix


def holders(facts: Facts) -> list[Holder]:
    """All of them, the one that holds back furthest first."""
    found = [*_sessions(facts), *_prepared(facts), *_replication(facts)]
    return sorted(found, key=lambda holder: (-holder.xid_age, holder.subject.name))


def _sessions(facts: Facts) -> Iterator[Holder]:
    for backend in facts[Backend]:
        if backend.is_own or not backend.takes_slot:
            continue
        ages = [age for age in (backend.xmin_age, backend.xid_age) if age is not None]
        if ages:
            name = group_name(backend)
            yield Holder(
                subject=Subject(kind="backend", name=name), what=f"a transaction of {name}", xid_age=max(ages),
                age_ms=backend.transaction_age_ms, is_catalog_only=False, fix=end_session(backend, "that session"),
            )  # fmt: skip


def _prepared(facts: Facts) -> Iterator[Holder]:
    for prepared in facts[PreparedTransaction]:
        name = prepared_name(prepared)
        yield Holder(
            subject=Subject(kind="prepared transaction", name=name), what=f"a prepared transaction of {name}",
            xid_age=prepared.xid_age, age_ms=prepared.age_ms, is_catalog_only=False, fix=finish(prepared),
        )  # fmt: skip


def _replication(facts: Facts) -> Iterator[Holder]:
    for horizon in facts[ReplicationHorizon]:
        ages = [age for age in (horizon.xmin_age, horizon.catalog_xmin_age) if age is not None]
        if ages:
            unused = "" if horizon.is_active else "unused "
            yield Holder(
                subject=Subject(kind=horizon.kind, name=horizon.name), what=f"{unused}{horizon.kind} {horizon.name}",
                xid_age=max(ages), age_ms=horizon.inactive_ms, is_catalog_only=horizon.xmin_age is None,
                fix=_fix(horizon),
            )  # fmt: skip


def _fix(horizon: ReplicationHorizon) -> Fix:
    if horizon.kind == "standby":
        return Fix(title="end the long queries on the standby, or set hot_standby_feedback off there", applicability="manual")
    if horizon.is_active:
        return Fix(title="see why its consumer does not keep up", applicability="manual")
    return Fix(
        title="start its consumer, or drop the slot; its consumer must then be set up anew",
        statements=(f"SELECT pg_drop_replication_slot({literal(horizon.name)});",),
        applicability="manual",
    )
