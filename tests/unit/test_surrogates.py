"""Surrogates keep order and equality, and hold no real value."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dbaudit.sources import surrogates
from dbaudit.sources.sqlarray import elements


def in_order(found, number) -> bool:
    originals = sorted(found, key=number)
    placed = [number(found[value]) for value in originals]
    return all(
        (low < high) == (number(first) < number(second))
        for first, second, low, high in zip(originals, originals[1:], placed, placed[1:])
    )


@given(some.sets(some.integers(-(10**18), 10**18)))
def test_whole_numbers_keep_their_order_and_two_digits(numbers) -> None:
    found = surrogates.for_numbers(map(str, numbers), is_whole=True)
    assert in_order(found, int)
    assert all(str(abs(int(found[str(each)])))[:2] == str(abs(each))[:2] for each in numbers)


@given(some.integers(10_000, 10**15), some.integers(1, 200))
def test_a_run_of_telling_whole_numbers_has_none_of_them(start, length) -> None:
    originals = {str(start + step) for step in range(length)}
    found = surrogates.for_numbers(originals, is_whole=True)
    assert in_order(found, int)
    assert set(found.values()) & originals == set()


@given(some.sets(some.decimals(allow_nan=False, allow_infinity=False, places=4)))
def test_decimals_keep_their_order(numbers) -> None:
    assert in_order(surrogates.for_numbers((format(each, "f") for each in numbers), is_whole=False), Decimal)


def test_small_whole_numbers_and_what_is_no_number_stay() -> None:
    found = surrogates.for_numbers(["0", "7", "-42", "99", "NaN", "Infinity"], is_whole=True)
    assert all(value == surrogate for value, surrogate in found.items())
    # The middle one of 120, 121, 122, 124 … 129, and of 4700 … 4799 without 4711.
    assert surrogates.for_numbers(["123", "4711"], is_whole=True) == {"123": "125", "4711": "4750"}


def test_equal_numbers_written_differently_stay_equal() -> None:
    found = surrogates.for_numbers(["120.50", "120.5", "121"], is_whole=False)
    assert found["120.50"] == found["120.5"] != found["121"]


@given(some.sets(some.dates(date(1, 1, 1), date(9999, 11, 30))))
def test_dates_keep_their_order_and_month(days) -> None:
    found = surrogates.for_dates(each.isoformat() for each in days)
    assert in_order(found, date.fromisoformat)
    assert all(found[each.isoformat()][:7] == each.isoformat()[:7] for each in days)


@given(some.sets(some.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))))
def test_timestamps_keep_their_order_and_month(moments) -> None:
    found = surrogates.for_timestamps(f"{each.isoformat(sep=' ')}+00" for each in moments)
    assert in_order(found, lambda text: datetime.fromisoformat(text.removesuffix("+00")))
    assert all(value[:7] == surrogate[:7] and surrogate.endswith("+00") for value, surrogate in found.items())


def test_a_day_that_is_alone_in_its_month_is_another_day() -> None:
    assert surrogates.for_dates(["1984-03-17", "infinity"]) == {"1984-03-17": "1984-03-16", "infinity": "infinity"}
    middle = datetime(2024, 2, 1) + timedelta(days=14.5)
    assert surrogates.for_timestamps([f"{middle}"])[f"{middle}"] != f"{middle}"


@pytest.mark.parametrize("value", ["0044-03-15 BC", "20000-01-01", "x"])
def test_what_the_calendar_has_not_has_no_surrogate(value) -> None:
    with pytest.raises(ValueError):
        surrogates.for_dates([value])


def test_texts_are_nothing_but_their_rank() -> None:
    values = [f"secret {number:05}" for number in range(1000)]
    found = surrogates.for_texts(values)
    assert [found[value] for value in values] == sorted(found.values()) and len(set(found.values())) == 1000
    # 7 ** 4 is the first power of the letters' number that is enough for 1,000.
    assert {len(each) for each in found.values()} == {4}
    assert set("".join(found.values())) == set("bkmptvx")


def test_uuids_are_nothing_but_their_rank() -> None:
    found = surrogates.for_uuids([f"{number:08x}-0000-4000-8000-000000000000" for number in (7, 5, 6)])
    assert [found[value] for value in sorted(found)] == sorted(found.values())
    assert sorted(found.values())[1] == "80000000-0000-0000-0000-000000000000"


def test_arrays_are_read_as_the_server_prints_them() -> None:
    assert list(elements(r'{a,"b,c",NULL,"NULL","x\"\\y","",京}')) == ["a", "b,c", None, "NULL", 'x"\\y', "", "京"]
    assert list(elements("{}")) == list(elements(None)) == []
