"""A place in a file, for machines."""

from __future__ import annotations

from typing import Any

from dbaudit.finding import Span


def span_json(span: Span | None) -> dict[str, Any] | None:
    """The `span` key of the JSON report: 1-based, the end exclusive; null where there is no file."""
    if span is None:
        return None
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
