"""The sightings that a check is about, statement by statement, and the finding that one makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbaudit.checks._rewrites import Rewrites, with_rewrite
from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained
from dbaudit.facts.statement_text import Category, Sight, Sighting, StatementText
from dbaudit.finding import Confidence, Finding, Fix, Scalar, Severity, Subject, Unknown

_MIGRATES = ("CREATE", "ALTER", "DROP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A sighting in its statement. `runs_once` is true for what a migration does to its data."""

    text: StatementText
    sighting: Sighting
    discriminator: str
    runs_once: bool


def looks(facts: Facts, *sights: Sight, also_once: bool = False, unless_planned: bool = False) -> Iterator[Look | Unknown]:
    """Each sighting of these kinds, and Unknown for each statement that is not understood.

    Without `also_once` those of a migration are left out. With `unless_planned` those of a statement whose plan is known
    are: a check of plans says the same of it, and knows more.
    """
    asked = frozenset(sights)
    migrations: frozenset[str] | None = None
    planned = {row.statement.identity for row in facts.get(Explained) if row.plan} if unless_planned else set()
    for text in facts[StatementText]:
        statement = text.statement
        if text.unseen:
            yield Unknown(reason=f"{statement.label} is not read: {text.unseen}")
            continue
        found = [sighting for sighting in text.sightings if sighting.sight in asked]
        if not found or statement.identity in planned:
            continue
        if migrations is None:
            migrations = _migrations(facts)
        runs_once = text.category is Category.DML and not statement.name and statement.span.path in migrations
        if runs_once and not also_once:
            continue
        seen: Counter[str] = Counter()
        for sighting in found:
            about = " ".join(filter(None, sighting.names))
            seen[about] += 1
            number = f"#{seen[about]}" if seen[about] > 1 else ""
            yield Look(text=text, sighting=sighting, discriminator=about + number, runs_once=runs_once)


def _migrations(facts: Facts) -> frozenset[str]:
    """The files that create, alter or drop something."""
    return frozenset(
        text.statement.span.path
        for text in facts[StatementText]
        if text.category is Category.DDL and text.statement.command.startswith(_MIGRATES)
    )


def subject_of(text: StatementText) -> Subject:
    """The statement as the subject of a finding."""
    return Subject(kind="statement", name=text.statement.name or text.statement.identity)


def finding(
    code: str,
    look: Look,
    message: str,
    severity: Severity,
    *fixes: str,
    confidence: Confidence = Confidence.HIGH,
    evidence: dict[str, Scalar] | None = None,
) -> Finding:
    """The finding that a sighting makes, at its place in the file; `fixes` are the titles of changes a person makes."""
    return Finding(
        code=code,
        subject=subject_of(look.text),
        message=message,
        severity=severity,
        span=look.sighting.span,
        evidence=evidence or {},
        fixes=tuple(Fix(title=title, applicability="manual") for title in fixes),
        confidence=confidence,
        discriminator=look.discriminator,
    )


def rewritten(found: Finding, look: Look, rewrites: Rewrites) -> Finding:
    """The finding with its first fix as a whole statement, where one is known that means the same."""
    sighting = look.sighting
    fix = with_rewrite(found.fixes[0], rewrites, look.text.statement, sighting.sight, span=sighting.span)
    return replace(found, fixes=(fix, *found.fixes[1:]))
