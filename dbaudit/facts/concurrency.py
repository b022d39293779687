"""How many connections a server's clients really use at the same time, and how large a pool that asks for.

Pure functions of looks and counters. Sources: Little's law (J. D. C. Little, 1961): the mean number in use is how many
come each second times how long each stays; for arrivals at random the number in use is Poisson distributed, whose 99th
percentile is about mean + 2.33 √mean. The formula cores × 2 + spindles is of PostgreSQL's wiki, "Number Of Database
Connections".
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dbaudit.facts import Facts
from dbaudit.facts.sessions import ClientPath, DatabaseSessions, SessionLook

FEWEST_LOOKS = 30
_NORMAL_99 = 2.33


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """The connections in use over a window, and the pool that would have held them: one for all applications together.

    `mean`, `p99` and `peak` are of sessions that work or keep a transaction open; those that wait for a lock are apart
    (`waiting_peak`): more connections would only wait with them. `active_p99` and `active_peak` are of those that work.
    `transactions_per_s` and `transaction_ms` are what the server counted, and `by_littles_law` their product, or None
    where it counted nothing. `by_formula` is None where the number of `cores` is not known; no spindles are counted.
    """

    look_count: int
    window_s: float
    mean: float
    p99: int
    peak: int
    active_p99: int
    active_peak: int
    waiting_peak: int
    transactions_per_s: float | None
    transaction_ms: float | None
    by_littles_law: float | None
    recommended: int
    cores: int | None
    by_formula: int | None


def pool_size(facts: Facts) -> PoolSize | str:
    """The pool that the looks ask for, or why they cannot tell."""
    looks = facts.get(SessionLook)
    if len(looks) < FEWEST_LOOKS:
        return f"{len(looks)} looks are too few to tell a pool's size from; it takes {FEWEST_LOOKS}"
    if any(look.masked for look in looks):
        return "sessions of other roles are masked, so that nobody knows how many of them work at the same time"
    kept = [look.active + look.in_transaction for look in looks]
    active = [look.active for look in looks]
    law = littles_law(facts.get(DatabaseSessions))
    mean = sum(kept) / len(kept)
    likely = max(mean, law[2] if law else 0.0)
    cores = next((path.cores for path in facts.get(ClientPath)), None)
    return PoolSize(
        look_count=len(looks),
        window_s=looks[-1].at_s,
        mean=mean,
        p99=percentile(kept, 99),
        peak=max(kept),
        active_p99=percentile(active, 99),
        active_peak=max(active),
        waiting_peak=max(look.waiting for look in looks),
        transactions_per_s=law[0] if law else None,
        transaction_ms=law[1] if law else None,
        by_littles_law=law[2] if law else None,
        recommended=max(1, percentile(kept, 99), math.ceil(likely + _NORMAL_99 * math.sqrt(likely))),
        cores=cores,
        by_formula=cores * 2 if cores else None,
    )


def littles_law(counted: Iterable[DatabaseSessions]) -> tuple[float, float, float] | None:
    """Transactions a second, milliseconds that each keeps a connection busy, and their product; None without any."""
    rows = [row for row in counted if row.window_s and not row.has_restarted]
    transactions = sum(row.transactions for row in rows)
    if not transactions:
        return None
    busy_ms = sum(row.active_ms + row.in_transaction_ms for row in rows)
    window_s = max(row.window_s for row in rows)
    return transactions / window_s, busy_ms / transactions, busy_ms / (window_s * 1000)


def percentile(values: Iterable[int], percent: float) -> int:
    """The smallest value that so many percent of them do not exceed (nearest rank).

    >>> percentile([5, 1, 3, 2, 4], 50), percentile(range(1, 101), 99), percentile([7], 99)
    (3, 99, 7)
    """
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
