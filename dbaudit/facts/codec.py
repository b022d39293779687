"""Facts to plain JSON values and back, by the fields' own types. A plan is kept as EXPLAIN's own JSON."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import pkgutil
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

import dbaudit.facts
from dbaudit.facts import Facts, Missing, Row
from dbaudit.facts.plan import Plan, plan_from_json


def to_json(facts: Facts) -> dict[str, Any]:
    """A JSON object: fact type name -> list of rows, or {"missing": reason, "remedy": remedy}."""
    return {
        kind.__name__: {"missing": rows.reason, "remedy": rows.remedy}
        if isinstance(rows, Missing)
        else [_plain(row) for row in rows]
        for kind, rows in facts.rows.items()
    }


def from_json(value: Mapping[str, Any]) -> Facts:
    """What `to_json` wrote. Raises KeyError for an unknown fact type, TypeError for an unknown or absent field."""
    known: dict[type, Any] = {}
    for name, rows in value.items():
        kind = fact_types()[name]
        if isinstance(rows, Mapping):
            known[kind] = Missing(reason=rows["missing"], remedy=rows.get("remedy", ""))
        else:
            known[kind] = tuple(_typed(kind, row) for row in rows)
    return Facts(known)


def row_to_json(row: Any) -> dict[str, Any]:
    """One dataclass as a JSON object."""
    return _plain(row)


def row_from_json(kind: type[Row], value: Any) -> Row:
    """One dataclass of what `row_to_json` made. Raises TypeError for an unknown or absent field, or another type of value."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{kind.__name__} is not an object")
    return _typed(kind, value)


@cache
def fact_types() -> dict[str, type]:
    """Every dataclass of the facts package, by name."""
    found: dict[str, type] = {}
    for module_info in pkgutil.iter_modules(dbaudit.facts.__path__, "dbaudit.facts."):
        for value in vars(importlib.import_module(module_info.name)).values():
            if dataclasses.is_dataclass(value) and isinstance(value, type) and value not in (Facts, Missing):
                found[value.__name__] = value
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Plan):
        return value.raw
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        if isinstance(kind, types.UnionType) and type(None) in kind.__args__:
            return None
        raise TypeError("it is null")
    if kind is Plan:
        return plan_from_json(value)
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise TypeError(f"{kind.__name__} is not an object")
        hints = _hints(kind)
        unknown = value.keys() - hints.keys()
        if unknown:
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        return kind(**{name: _of_field(kind, name, hints[name], item) for name, item in value.items()})
    if isinstance(kind, types.UnionType):
        return _typed(next(option for option in kind.__args__ if option is not type(None)), value)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError("it is not a list")
        return tuple(_typed(kind.__args__[0], item) for item in value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    return _scalar(kind, value)


def _of_field(kind: type, name: str, hint: Any, value: Any) -> Any:
    try:
        return _typed(hint, value)
    except TypeError as error:
        raise TypeError(f"{kind.__name__}.{name}: {error}") from None


def _scalar(kind: Any, value: Any) -> Any:
    """A JSON value that has the field's type: an integer is a number, but a boolean is no integer."""
    if kind is float and type(value) is int:
        return float(value)
    if kind in (str, int, float, bool) and type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, localns={"Plan": Plan})
