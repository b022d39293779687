"""Tables whose indexes cannot be read at this moment."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.facts.catalog import Index
from dbaudit.finding import Subject, Unknown


def unread(indexes: Iterable[Index]) -> tuple[Unknown, ...]:
    """One for each table whose indexes another session's lock hides."""
    tables = sorted({index.table for index in indexes if index.is_unread})
    reason = "another session locks it, so that its indexes cannot be read"
    return tuple(
        Unknown(reason=reason, remedy="ask again later", subject=Subject(kind="table", name=table)) for table in tables
    )
