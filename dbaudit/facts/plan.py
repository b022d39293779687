"""A plan as EXPLAIN prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`raw` is EXPLAIN's own JSON object, untouched. Times are milliseconds; None where the plan was not run."""

    raw: Mapping[str, Any]
