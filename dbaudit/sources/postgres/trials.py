"""Which values a statement is tried with: those that its file gives, else those that the statistics tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

import psycopg

from dbaudit.facts.plan import Plan
from dbaudit.facts.statement import Statement, ValueSet
from dbaudit.sources.postgres import samples
from dbaudit.sources.postgres.variants import name_of

_HOW = "give one with -- dbaudit: param {} = '…' or --params"

Sets = dict[str, list[str | None]]


def value_sets(
    connection: psycopg.Connection, statement: Statement, types: Sequence[int], generic: Plan
) -> tuple[Sets, str]:
    """The sets of values by their names, each in the order of the parameters; and why there is none, as a remark.

    Values are bound to plain types only: what reads the text of a domain or of a row runs the checks of domains. Asks in
    the transaction that is open. Raises psycopg.Error.
    """
    numbers = range(1, len(types) + 1)
    rows = connection.execute(_query("parameter_type"), [list(types)], binary=True).fetchall()
    names = {oid: name for oid, name, is_plain in rows if is_plain}
    for number, kind in zip(numbers, types):
        if kind not in names:
            called = name_of(statement.parameters, number)
            return {}, f"; no value is bound to {called}, whose type may have checks of its own"
    given = statement.value_sets or (ValueSet(name="", values={}),)
    wanted = [n for n in numbers if any(name_of(statement.parameters, n) not in each.values for each in given)]
    found = _sampled(connection, statement, generic, {n: names[types[n - 1]] for n in numbers}) if wanted else {}
    if found and (optional := samples.optional(generic)):
        found = {**found, samples.NULL: {**found[samples.COMMON], **dict.fromkeys(optional)}}
    constant = samples.counts(statement.sent)
    sets: Sets = {}
    for own in given:
        # Where the file gives only some of the values, the others are common ones.
        tried = found if not own.values else {"": found.get(samples.COMMON, {})}
        for name, values in (tried or {"": {}}).items():
            whole = _whole(statement, numbers, own.values, {**constant, **values})
            if isinstance(whole, str):
                called = f"${whole}" if whole.isdigit() else whole
                return {}, f"; no value is known for {called}: {_HOW.format(called)}"
            sets.setdefault(own.name or name or "any value", whole)
    return sets, ""


def _whole(
    statement: Statement, numbers: Sequence[int], given: Mapping[str, str | None], sampled: Mapping[int, str | None]
) -> list[str | None] | str:
    """A value for each parameter, or the name of the first that has none."""
    values: list[str | None] = []
    for number in numbers:
        name = name_of(statement.parameters, number)
        if name in given:
            values.append(given[name])
        elif number in sampled:
            values.append(sampled[number])
        else:
            return name
    return values


def _sampled(
    connection: psycopg.Connection, statement: Statement, generic: Plan, types: Mapping[int, str]
) -> Mapping[str, Mapping[int, str | None]]:
    places = samples.compared(generic)
    if not places:
        return {}
    columns = list(dict.fromkeys((place.schema, place.relation, place.column) for place in places.values()))
    asked = [list(names) for names in zip(*columns)]
    rows = connection.execute(_query("column_values"), asked, binary=True).fetchall()
    known = {columns[row - 1]: samples.Values(common=common or (), bounds=bounds or ()) for row, common, bounds in rows}
    found = {number: known.get((place.schema, place.relation, place.column)) for number, place in places.items()}
    return samples.sampled(places, {number: values for number, values in found.items() if values}, types)


def _query(name: str) -> str:
    return files(__package__).joinpath(f"queries/{name}.sql").read_text("utf-8")
