"""Plain sentences about how far an audit reaches. Pure functions of the facts."""

from __future__ import annotations

from collections import Counter

from dbaudit.facts import Facts
from dbaudit.facts.catalog import Table
from dbaudit.facts.statement import Explained, How

_TINY_ROWS = 10_000


def about_statements(facts: Facts) -> tuple[str, ...]:
    """What a reader must know of the statements' plans before he trusts a quiet report."""
    how = Counter(explained.how for explained in facts.get(Explained))
    notes = []
    if how[How.NOT_RUN]:
        notes.append(f"{how[How.NOT_RUN]} of {how.total()} statements were not looked at: each says why")
    tables = facts.get(Table)
    if tables and all((table.estimated_rows or 0) < _TINY_ROWS for table in tables):
        notes.append("the database is nearly empty: its plans say little about a full one, and scans are not judged")
    return tuple(notes)


def nothing_learnt(facts: Facts) -> str:
    """Why an audit of statements is none at all, or empty: where the server looked at no statement, none is clean."""
    explained = facts.get(Explained)
    if any(row.how is not How.NOT_RUN for row in explained):
        return ""
    return f"no statement could be looked at: {explained[0].reason}" if explained else "no statement to look at"
