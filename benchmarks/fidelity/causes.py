"""Why a statement's plan differs on a twin of the same major, where that is known and no catalog could tell better."""

from __future__ import annotations

from collections.abc import Mapping

_PENDING = (
    "the length of a GIN index's pending list, and its pages of each kind, stand in the index itself: no catalog has them"
)
_ENDS = (
    "the planner looks up the least and the greatest value in the source's index, where there may be others than ANALYZE"
    " has sampled; a twin's index has none, and no row is read for a snapshot"
)

CAUSES: Mapping[tuple[str, str], str] = {
    ("kinds", "gin_array"): _PENDING,
    ("kinds", "gin_array_any"): _PENDING,
    ("kinds", "gin_jsonb"): _PENDING,
    ("kinds", "gin_text"): _PENDING,
    ("kinds", "gin_text_or"): _PENDING,
    ("kinds", "newest_ids"): _ENDS,
    ("kinds", "beyond_the_end"): _ENDS,
    ("kinds", "lorry_included"): _ENDS,
    ("kinds", "tiny_join"): _ENDS,
}
ANOTHER_MAJOR = "another major plans it otherwise"
UNKNOWN = "UNKNOWN: find it"
