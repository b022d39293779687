"""EXPLAIN of unknown statements, without harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbaudit.facts import Facts
from dbaudit.facts.statement import Explained, Statement
from dbaudit.sources.postgres.session import Session


def explain(
    session: Session, statements: Iterable[Statement], *, analyze: bool = True, timeout_ms: int = 30_000
) -> Iterator[Explained]:
    """Each statement with what EXPLAIN said, in order."""
    raise NotImplementedError


def explained_facts(
    session: Session, statements: Iterable[Statement], *, analyze: bool = True, timeout_ms: int = 30_000
) -> Facts:
    """The statements explained, and what the checks of plans need to know of the relations they touch."""
    raise NotImplementedError
