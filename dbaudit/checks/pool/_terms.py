"""Terms of the connection budget in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from dbaudit.facts.budget_sum import Sum, Term, unknowns
from dbaudit.finding import Unknown

_MOST = 3


def largest(terms: Iterable[Term], *, rolling: bool = False) -> str:
    """The largest terms with their results: `api: 8 instances × 4 workers × (10 + 20) = 960; and 2 more`."""
    known = [(term.rolling if rolling else term.steady, term) for term in terms]
    known = sorted(((value, term) for value, term in known if value), key=lambda pair: -pair[0])
    shown = [
        f"{term.service}: {term.rolling_formula if rolling else term.formula} = {value:,}" for value, term in known[:_MOST]
    ]
    if len(known) > _MOST:
        shown.append(f"and {len(known) - _MOST} more")
    return "; ".join(shown)


def not_whole(total: Sum) -> Unknown:
    """That a sum has parts which are not known: which they are, and what would tell."""
    missing = [*unknowns(total.terms), *(f"{gap.subject}: {gap.reason} ({gap.place})" for gap in total.gaps)]
    more = f"; and {len(missing) - 1} more" if len(missing) > 1 else ""
    reason = f"the sum has parts that are not known: {missing[0]}{more}" if missing else "no service and no pool is known"
    return Unknown(reason=reason, remedy="--service 'NAME: instances=N processes=N pool=N'")
