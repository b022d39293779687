"""The arithmetic of the connection budget: terms, their sum, and what of it is not known. Pure.

The formula is that of SQLAlchemy's and PostgreSQL's own documentation: instances × processes × (pool + overflow).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbaudit.facts import Facts
from dbaudit.facts.budget import POSTGRESQL, BudgetGap, Figure, PoolerPool, PoolUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of the sum: `steady` and `rolling` are connections, None where they are not known.

    `formula` is the term without its result, with ? for what is not known; `unknown` are the figures that are not, by
    what they count. `role`, `database` and `service` say whose it is.
    """

    service: str
    place: str
    formula: str
    rolling_formula: str
    steady: int | None
    rolling: int | None
    unknown: tuple[tuple[str, Figure], ...] = ()
    is_unlimited: bool = False
    role: str = ""
    database: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of terms. `steady` and `rolling` are what is known of it: the whole where nothing is unknown."""

    terms: tuple[Term, ...]
    gaps: tuple[BudgetGap, ...] = ()

    @property
    def steady(self) -> int:
        return sum(term.steady or 0 for term in self.terms)

    @property
    def rolling(self) -> int:
        return sum(term.steady or 0 if term.rolling is None else term.rolling for term in self.terms)

    @property
    def is_whole(self) -> bool:
        """Whether every term of the steady state is known, and nothing was left out."""
        return not self.gaps and all(term.steady is not None for term in self.terms)

    @property
    def is_whole_rolling(self) -> bool:
        return self.is_whole and all(term.rolling is not None for term in self.terms)


def of_server(facts: Facts) -> Sum:
    """What all services and poolers may open on the PostgreSQL server itself."""
    direct = [use for use in facts.get(PoolUse) if use.server == POSTGRESQL and not use.pooler]
    pooled = facts.get(PoolerPool)
    return Sum(
        terms=(*map(term, direct), *map(pooler_term, pooled)),
        gaps=facts.get(BudgetGap),
    )


def of_others(facts: Facts) -> dict[str, Sum]:
    """The sums of what is opened elsewhere, by the name of the pooler or of the other server."""
    groups: dict[str, list[Term]] = {}
    for use in facts.get(PoolUse):
        if use.pooler or use.server != POSTGRESQL:
            groups.setdefault(use.pooler or use.server, []).append(term(use))
    return {name: Sum(terms=tuple(terms)) for name, terms in groups.items()}


def term(use: PoolUse) -> Term:
    """The term of one pool of one service."""
    each = per_process(use)
    steady = _product(use.instances.value, use.processes.value, each)
    instances = rolling_instances(use)
    return Term(
        service=use.service,
        place=use.place,
        formula=_formula(use, use.instances.value),
        rolling_formula=_formula(use, instances),
        steady=steady,
        rolling=_product(instances, use.processes.value, each),
        unknown=tuple(_unknown(use)),
        is_unlimited=_is_unlimited(use),
        role=use.role,
        database=use.database,
    )


def per_process(use: PoolUse) -> int | None:
    """The most connections that one process opens; None where that is not known, or where nothing limits it.

    Threads limit a pool that is larger, down to what it opens at once whatever is asked of it.
    """
    whole = _whole_pool(use)
    if use.threads is None:
        return None if whole is None or whole.is_unlimited else whole.value
    if use.threads.value is None or use.minimum.value is None:
        return None
    if whole is None:
        return 1 if use.threads.value == 1 and use.minimum.value <= 1 else None
    asked = use.threads.value if whole.value is None else min(whole.value, use.threads.value)
    return max(asked, use.minimum.value)


def rolling_instances(use: PoolUse) -> int | None:
    """How many instances there are at the most while a new version is rolled out."""
    if use.instances.value is None or use.surge.value is None:
        return None
    return use.instances.value + use.surge.value


def _whole_pool(use: PoolUse) -> Figure | None:
    if use.size.is_unlimited or use.overflow.is_unlimited:
        return Figure(is_unlimited=True)
    if use.size.value is None or use.overflow.value is None:
        return None
    return Figure(value=use.size.value + use.overflow.value)


def _is_unlimited(use: PoolUse) -> bool:
    whole = _whole_pool(use)
    return use.threads is None and whole is not None and whole.is_unlimited


def _product(*factors: int | None) -> int | None:
    if 0 in factors:
        return 0
    if any(factor is None for factor in factors):
        return None
    result = 1
    for factor in factors:
        result *= factor or 0
    return result


def _formula(use: PoolUse, instances: int | None) -> str:
    return " × ".join((
        _counted(instances, "instance"),
        _counted(use.processes.value, use.process_noun),
        _each(use),
    ))


def _counted(value: int | None, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    if value is None:
        return f"? {plural}"
    return f"{value:,} {noun if value == 1 else plural}"


def _each(use: PoolUse) -> str:
    pool = _pool(use)
    if use.threads is None:
        return f"({pool})" if " + " in pool else pool
    threads = _counted(use.threads.value, "thread")
    whole = _whole_pool(use)
    if (whole is not None and whole.is_unlimited) or (whole is None and per_process(use) == 1):
        return threads
    if use.minimum.value and use.threads.value is not None and use.minimum.value >= use.threads.value:
        return f"{use.minimum.value} opened at once"
    return f"min({pool}, {threads})"


def _pool(use: PoolUse) -> str:
    if use.size.is_unlimited or use.overflow.is_unlimited:
        return "no limit"
    if use.overflow.value == 0:
        return _number(use.size)
    return f"{_number(use.size)} + {_number(use.overflow)}"


def _number(figure: Figure) -> str:
    return "?" if figure.value is None else f"{figure.value:,}"


def _unknown(use: PoolUse) -> Iterator[tuple[str, Figure]]:
    figures = [
        ("instances", use.instances),
        (_counted(2, use.process_noun).removeprefix("2 "), use.processes),
        ("pool", use.size),
        ("overflow", use.overflow),
    ]
    if use.instances.is_known:
        figures.append(("instances while rolling", use.surge))
    if use.threads is not None:
        figures += [("threads", use.threads), ("pool minimum", use.minimum)]
    is_moot = per_process(use) is not None
    for name, figure in figures:
        if not figure.is_known and not (is_moot and figure in (use.size, use.overflow)):
            yield name, figure


def pooler_term(pool: PoolerPool) -> Term:
    """The term of one database of a pooler: its users' pools, up to the database's own limit."""
    users, size, reserve = pool.users.value, pool.size.value, pool.reserve.value
    is_unlimited = pool.size.is_unlimited and pool.limit.is_unlimited
    each = None if size is None or reserve is None else size + reserve
    total = _product(users, each)
    if pool.limit.value is not None:
        total = pool.limit.value if total is None else min(total, pool.limit.value)
    asked = f"({_number(pool.size)} + {_number(pool.reserve)})" if reserve != 0 else _number(pool.size)
    if pool.size.is_unlimited:
        asked = "no limit"
    formula = f"{_counted(users, 'user')} × {asked}"
    if pool.limit.value is not None:
        formula = f"min({formula}, {pool.limit.value:,})"
    unknown = [("users", pool.users), ("pool_size", pool.size), ("reserve_pool_size", pool.reserve)]
    return Term(
        service=f"{pool.pooler}/{pool.database}",
        place=pool.place,
        formula=formula,
        rolling_formula=formula,
        steady=total,
        rolling=total,
        unknown=() if total is not None else tuple(pair for pair in unknown if not pair[1].is_known),
        is_unlimited=is_unlimited,
        database="" if pool.database == "*" else pool.database,
    )


def unknowns(terms: Iterable[Term]) -> tuple[str, ...]:
    """What is not known of these terms, each with its place and its reason, as sentences."""
    found = []
    for each in terms:
        found += [f"{each.service}: {name}: {_told(figure)}" for name, figure in each.unknown]
        if each.is_unlimited:
            found.append(f"{each.service}: nothing limits its connections ({each.place})")
    return tuple(dict.fromkeys(found))


def _told(figure: Figure) -> str:
    return ": ".join(part for part in (figure.place, figure.reason) if part)
