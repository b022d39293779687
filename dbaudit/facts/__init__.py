"""What is known about a database: rows of frozen dataclasses by type, or the reason why they are missing.

Facts are inert. They hold no connection, know no clock and do no I/O; a source makes them and a check reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why facts of a type are not there, in the reader's words, and what would bring them."""

    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows by fact type. A type that was looked for and has no rows is an empty tuple, which is not Missing."""

    rows: Mapping[type, tuple[Any, ...] | Missing] = field(default_factory=dict)

    @classmethod
    def of(cls, *rows: object, empty: Iterable[type] = ()) -> Facts:
        """Facts that hold these rows, each under its own type, and no rows of the types in `empty`."""
        by_type: dict[type, tuple[Any, ...]] = {kind: () for kind in empty}
        for row in rows:
            by_type[type(row)] = (*by_type.get(type(row), ()), row)
        return cls(by_type)

    def __getitem__(self, kind: type[Row]) -> tuple[Row, ...]:
        """All rows of this type. Raises LookupError where they are missing: a check names them in `needs`."""
        rows = self.rows.get(kind)
        if rows is None or isinstance(rows, Missing):
            raise LookupError(f"{kind.__name__}: {self.missing(kind)}")
        return rows

    def get(self, kind: type[Row]) -> tuple[Row, ...]:
        """All rows of this type, or none where they are missing: for what a check can use but does not need."""
        return () if self.missing(kind) else self[kind]

    def missing(self, kind: type) -> Missing | None:
        """Why this type is not there, or None where it is."""
        rows = self.rows.get(kind, Missing(reason=f"{kind.__name__} was not collected"))
        return rows if isinstance(rows, Missing) else None

    def merged(self, other: Facts) -> Facts:
        """These facts with the other's types put over them."""
        return Facts({**self.rows, **other.rows})
