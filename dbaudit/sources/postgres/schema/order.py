"""The order in which objects can be created."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from dbaudit.facts.snapshot import SchemaObject
from dbaudit.sources.postgres.schema.listing import Key
from dbaudit.sources.postgres.schema.part import Part


def in_order(parts: Iterable[Part]) -> tuple[SchemaObject, ...]:
    """The parts' objects, each behind what it needs; where that leaves a choice by phase, then by name.

    Of a circle, such as two views that need each other, the first by phase and name comes first.
    """
    by_key = {part.key: part for part in parts}
    waiting = {part.key: {key for key in part.needs if key in by_key} for part in by_key.values()}
    waited_for: defaultdict[Key, list[Key]] = defaultdict(list)
    for key, needed in waiting.items():
        for each in needed:
            waited_for[each].append(key)
    ready = [(part.rank, part.key) for part in by_key.values() if not waiting[part.key]]
    heapq.heapify(ready)
    found: list[SchemaObject] = []
    while waiting:
        key = heapq.heappop(ready)[1] if ready else min(waiting, key=lambda each: by_key[each].rank)
        if waiting.pop(key, None) is None:
            continue
        found.append(by_key[key].object)
        for other in waited_for[key]:
            if other in waiting:
                waiting[other].discard(key)
                if not waiting[other]:
                    heapq.heappush(ready, (by_key[other].rank, other))
    return tuple(found)
