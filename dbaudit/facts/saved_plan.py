"""Plans that were kept to compare later ones with."""

from __future__ import annotations

from dataclasses import dataclass

from dbaudit.facts.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """The plan that a statement had, by the statement's identity. `label` is what a reader called it then."""

    identity: str
    label: str
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRelation:
    """What a relation of a saved plan was like then. Names are unquoted, the rows as in Table; None where unknown."""

    schema: str
    name: str
    estimated_rows: float | None
    size_bytes: int
