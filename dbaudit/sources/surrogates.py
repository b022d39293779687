"""Surrogates for values of rows: in the same order, equal where the values are equal, and none of them a real value.

The planner compares a constant with most common values, and reads ranges off histogram bounds: what keeps order and
equality among all values that are compared with each other keeps those estimates, for parameters taken from the same
statistics. A number keeps its first two digits and a date its month, so that constants in a statement mean about the
same as before; within these, position is by rank alone. Of texts nothing is left but their order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby

# Strings of one length of these sort alike in every collation: no digits, no case, and no two that are one letter
# somewhere, as ch, dd and ll are.
_LETTERS = "bkmptvx"
# Whole numbers below are codes and counts; nobody is known by one.
_TELLING = 100
_DAY = date(1, 1, 1).toordinal()
_TIMESTAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)?((?:[+-]\d\d(?::\d\d)*)?)")
_NEITHER = ("NaN", "Infinity", "-Infinity", "infinity", "-infinity")


def for_texts(values: Sequence[str]) -> Mapping[str, str]:
    """Surrogates of one length for distinct texts, which come in their order."""
    length = 1
    while len(_LETTERS) ** length < len(values):
        length += 1
    return {value: _word(rank, length) for rank, value in enumerate(values)}


def _word(rank: int, length: int) -> str:
    letters = []
    for _ in range(length):
        rank, letter = divmod(rank, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(reversed(letters))


def for_uuids(values: Iterable[str]) -> Mapping[str, str]:
    """Surrogates for uuids, in their order, and nothing of them."""
    distinct = sorted(set(values))
    step = 2**128 // (len(distinct) + 1)
    found = {}
    for rank, value in enumerate(distinct, 1):
        digits = f"{step * rank:032x}"
        found[value] = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return found


def for_numbers(values: Iterable[str], *, is_whole: bool) -> Mapping[str, str]:
    """Surrogates for numbers as PostgreSQL prints them, with the same first two digits.

    Whole numbers below 100 stay. Raises ValueError for what is no number.
    """
    numbers: dict[str, Decimal] = {}
    found = {}
    for value in set(values):
        if value in _NEITHER:
            found[value] = value
            continue
        try:
            numbers[value] = Decimal(value)
        except InvalidOperation:
            raise ValueError("not a number") from None
    for (low, high), cell in groupby(sorted(numbers, key=numbers.__getitem__), key=lambda each: _cell(numbers[each])):
        members = list(cell)
        places = sorted({numbers[each] for each in members})
        if low == high or (is_whole and abs(places[0]) < _TELLING):
            spread: Iterator[Decimal] = iter(places)
        else:
            unit = Decimal(1) if is_whole else _unit(high - low, len(places))
            spread = _spread(places, low, high, unit)
        surrogates = dict(zip(places, spread))
        found |= {each: format(surrogates[numbers[each]], "f") for each in members}
    return found


def _cell(number: Decimal) -> tuple[Decimal, Decimal]:
    """The numbers with the same sign and the same first two digits, the first of them and the first beyond."""
    if not number:
        return Decimal(0), Decimal(0)
    unit = Decimal(1).scaleb(abs(number).adjusted() - 1)
    low = (abs(number) // unit) * unit
    return (low, low + unit) if number > 0 else (-low - unit, -low)


def _unit(width: Decimal, count: int) -> Decimal:
    """The largest power of ten of which the cell has at least four for each value."""
    unit = Decimal(1).scaleb(width.adjusted())
    while width / unit < 4 * count:
        unit = unit.scaleb(-1)
    return unit


def _spread(places: Sequence[Decimal], low: Decimal, high: Decimal, unit: Decimal) -> Iterator[Decimal]:
    """As many numbers as there are places, evenly between, in order, and none of the places where there is room."""
    # A negative cell has its far end inside.
    first = low + unit if low < 0 else low
    room = int((high - low) / unit)
    taken = [(place - first) / unit for place in places]
    taken_before = [int(index) - rank for rank, index in enumerate(index for index in taken if index == int(index))]
    free = room - len(taken_before)
    for rank in range(len(places)):
        share = (2 * rank + 1) / (2 * len(places))
        if free >= len(places):
            # The n-th free index is n and as many as are taken before it.
            index = int(share * free)
            yield first + (index + bisect_right(taken_before, index)) * unit
        else:
            yield first + int(share * room) * unit


def for_dates(values: Iterable[str]) -> Mapping[str, str]:
    """Surrogates for dates in ISO form, in the same month. Raises ValueError for one that Python's calendar has not."""
    days = {value: date.fromisoformat(value).toordinal() for value in set(values) if value not in _NEITHER}
    spread = _within_months(days, 1)
    found = {value: date.fromordinal(spread[day]).isoformat() for value, day in days.items()}
    return found | {value: value for value in values if value in _NEITHER}


def for_timestamps(values: Iterable[str]) -> Mapping[str, str]:
    """Surrogates for timestamps in ISO form, all with or without the same zone, in the same month, of whole seconds.

    Raises ValueError for one that Python's calendar has not.
    """
    values = set(values)
    microseconds: dict[str, int] = {}
    zones: dict[str, str] = {}
    for value in values - set(_NEITHER):
        match = _TIMESTAMP.fullmatch(value)
        if match is None:
            raise ValueError("not a timestamp")
        zones[value] = match[7]
        microseconds[value] = _microseconds(datetime.fromisoformat(value[: len(value) - len(match[7])]))
    spread = _within_months(microseconds, 1_000_000)
    found = {}
    for value, place in microseconds.items():
        moment = datetime(1, 1, 1) + timedelta(microseconds=spread[place])
        found[value] = moment.isoformat(sep=" ") + zones[value]
    return found | {value: value for value in values if value in _NEITHER}


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1, 1, 1)) // timedelta(microseconds=1)


def _within_months(places: Mapping[str, int], unit: int) -> Mapping[int, int]:
    """Days or microseconds to others of the same month, spread evenly by rank."""
    known = set(places.values())
    found: dict[int, int] = {}
    for (low, high), cell in groupby(sorted(known), key=lambda place: _month(place, unit)):
        members = list(cell)
        numbers = [Decimal(each) for each in members]
        step = unit if (high - low) // unit >= len(members) else 1
        spread = _spread(numbers, Decimal(low), Decimal(high), Decimal(step))
        found |= {member: int(place) for member, place in zip(members, spread)}
    return found


def _month(place: int, unit: int) -> tuple[int, int]:
    day = date.fromordinal(place) if unit == 1 else (datetime(1, 1, 1) + timedelta(microseconds=place)).date()
    first = day.replace(day=1)
    beyond = first.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    if unit == 1:
        return first.toordinal(), beyond.toordinal()
    return _microseconds(datetime.combine(first, datetime.min.time())), _microseconds(
        datetime.combine(beyond, datetime.min.time())
    )
