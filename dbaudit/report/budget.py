"""The connection budget: the sum term by term, in the steady state and while a deploy rolls, beside the server's room."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from dbaudit.facts import Facts
from dbaudit.facts.budget import PoolUse, ServerRoom
from dbaudit.facts.budget_sum import Sum, Term, of_others, of_server, unknowns
from dbaudit.report.text import clean

_REMEDY = "--service 'NAME: instances=N processes=N pool=N', or [tool.dbaudit.services.NAME]"


def lines(facts: Facts, width: int) -> list[str]:
    """The budget as plain text of at most `width` columns (40 at the least), or nothing where there are no facts."""
    if facts.missing(PoolUse):
        return []
    width = max(40, width)
    return [
        line
        for heading, texts in _parts(facts)
        for line in (*wrap(clean(heading), width), *_listed(texts, width))
    ]


def _listed(texts: list[str], width: int) -> Iterator[str]:
    for text in texts:
        yield from wrap(clean(text), width, initial_indent="  ", subsequent_indent="      ")


def sentences(facts: Facts) -> list[str]:
    """The same as one sentence a line, for what has no headings."""
    if facts.missing(PoolUse):
        return []
    return [clean(text) for heading, texts in _parts(facts) for text in (texts or [heading])]


def _parts(facts: Facts) -> Iterator[tuple[str, list[str]]]:
    """Headings, and what stands below each. What has nothing below it is a sentence of its own."""
    whole, room = of_server(facts), next(iter(facts.get(ServerRoom)), None)
    yield _room(facts, room), []
    if whole.terms:
        yield "Steady state, each pool at its largest:", [
            *(f"{_whose(term)}: {term.formula} = {_result(term.steady)}{_place(term)}" for term in whole.terms),
            _total("steady state", whole.steady, whole.is_whole, room),
        ]
        moving = [term for term in whole.terms if term.rolling_formula != term.formula]
        yield "While new versions of all of them roll out:", [
            *(f"{term.service}: {term.rolling_formula} = {_result(term.rolling)}" for term in moving),
            _total("rolling deploy", whole.rolling, whole.is_whole_rolling, room),
        ]
    elif not whole.gaps:
        yield "No service and no pool was found.", []
    for name, other in of_others(facts).items():
        yield f"Connections to {name}, which are not PostgreSQL's:", _other(other)
    missing = _missing(whole)
    if missing:
        yield "Not known, and not in the sum:", missing
        yield f"What is not known can be given: {_REMEDY}", []


def _other(other: Sum) -> list[str]:
    return [
        f"{_whose(term)}: {term.formula} = {_result(term.steady)}  ({'; '.join(unknowns([term])) or term.place})"
        for term in other.terms
    ]


def _missing(whole: Sum) -> list[str]:
    gaps = [f"{gap.subject}: {gap.reason} ({gap.place}){f' → {gap.remedy}' if gap.remedy else ''}" for gap in whole.gaps]
    return list(dict.fromkeys((*unknowns(whole.terms), *gaps)))


def _whose(term: Term) -> str:
    return f"{term.service} as {term.role}" if term.role else term.service


def _result(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _place(term: Term) -> str:
    return f"  ({term.place})" if term.place else ""


def _total(name: str, value: int, is_whole: bool, room: ServerRoom | None) -> str:
    if not value and not is_whole:
        return f"{name}: not known"
    share = f", {100 * value / room.usable:.0f} %" if room and room.usable else ""
    usable = f" of {room.usable:,} usable{share}" if room else ""
    return f"{name}: {'' if is_whole else 'at least '}{value:,}{usable}"


def _room(facts: Facts, room: ServerRoom | None) -> str:
    if room is None:
        missing = facts.missing(ServerRoom)
        return f"How many connections the server takes is not known{f': {missing.reason}' if missing else ''}."
    return (
        f"Usable are {room.usable:,}: max_connections {room.max_connections:,} without {room.reserved} reserved "
        f"({room.origin})."
    )


def as_json(facts: Facts) -> dict[str, Any]:
    """The `budget` key of the JSON report. A sum that is not whole is what is known of it, and no less."""
    whole, room = of_server(facts), next(iter(facts.get(ServerRoom)), None)
    return {
        "max_connections": room.max_connections if room else None,
        "reserved": room.reserved if room else None,
        "usable": room.usable if room else None,
        "origin": room.origin if room else None,
        "cores": room.cores if room else None,
        **_sum(whole),
        "gaps": [
            {"subject": gap.subject, "place": gap.place, "reason": gap.reason, "remedy": gap.remedy or None}
            for gap in whole.gaps
        ],
        "elsewhere": {name: _sum(other) for name, other in of_others(facts).items()},
    }


def _sum(total: Sum) -> dict[str, Any]:
    return {
        "steady": total.steady,
        "steady_is_whole": total.is_whole,
        "rolling": total.rolling,
        "rolling_is_whole": total.is_whole_rolling,
        "terms": [
            {
                "service": term.service,
                "place": term.place or None,
                "role": term.role or None,
                "database": term.database or None,
                "formula": term.formula,
                "steady": term.steady,
                "rolling_formula": term.rolling_formula,
                "rolling": term.rolling,
                "is_unlimited": term.is_unlimited,
                "unknown": [
                    {"figure": name, "place": figure.place or None, "reason": figure.reason or None}
                    for name, figure in term.unknown
                ],
            }
            for term in total.terms
        ],
    }
