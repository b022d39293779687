"""Findings about an application's source: where they stand, how sure they are, and how the place is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from dbaudit.facts import Facts
from dbaudit.facts.code import CallPath, Per, UnreadFile
from dbaudit.finding import Confidence, Finding, Fix, Scalar, Severity, Span, Subject, Unknown
from dbaudit.units import count


class Sighted(Protocol):
    """A row of facts/code.py that has a place in the source."""

    call: str
    function: str
    span: Span
    number: int


_SHOWN = 10


def unread(facts: Facts) -> Iterator[Unknown]:
    """What no check can tell: each file that could not be read, or the first of many and how many more there are."""
    files = facts.get(UnreadFile)
    for file in files[:_SHOWN]:
        place = f"{file.path}:{file.line}" if file.line else file.path
        yield Unknown(reason=f"{place} is not read: {file.reason}")
    if len(files) > _SHOWN:
        yield Unknown(
            reason=f"{count(len(files) - _SHOWN, 'more file')} not read", remedy="name single files or directories"
        )


def finding(
    code: str,
    row: Sighted,
    message: str,
    confidence: Confidence,
    *fixes: str,
    severity: Severity | None = None,
    path: CallPath | None = None,
    evidence: dict[str, Scalar] | None = None,
) -> Finding:
    """The finding that a row makes. Without `severity` it is a WARNING where it is certain and an INFO otherwise, so that
    nothing fails a build on a guess."""
    number = f"#{row.number}" if row.number > 1 else ""
    reached = {"reached_from": path.start, "call_path": route(path)} if path else {}
    return Finding(
        code=code,
        subject=Subject(kind="function", name=row.function),
        message=message if confidence is Confidence.HIGH else f"{message} (confidence: {confidence})",
        severity=severity or (Severity.WARNING if confidence is Confidence.HIGH else Severity.INFO),
        span=row.span,
        evidence={"call": row.call, **reached, **(evidence or {})},
        fixes=tuple(Fix(title=title, applicability="manual") for title in fixes),
        confidence=confidence,
        discriminator=f"{row.call}{number}",
    )


def confidence_of(path: CallPath) -> Confidence:
    """HIGH where every call on the way is followed, MEDIUM where a framework is only assumed to make the first."""
    return Confidence.HIGH if path.is_certain else Confidence.MEDIUM


def route(path: CallPath) -> str:
    """The way from its start to the call: `GET /orders → list_orders → psycopg2.connect`."""
    steps = path.steps[1:] if path.steps and path.start.endswith(f" {path.steps[0]}") else path.steps
    return " → ".join((path.start, *steps))


def each_time(path: CallPath) -> str:
    """How often: `for every request`."""
    return "in every iteration" if path.per is Per.ITERATION else f"for every {path.per}"
