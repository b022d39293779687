"""Values for parameters that people give: in a comment beside the statement, or in a file of their own."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dbaudit.errors import AuditError
from dbaudit.facts.statement import Kind, Statement, ValueSet
from dbaudit.sources.sqllex import COMMENT, tokens

_COMMENT = re.compile(
    r"(?:--|/\*)\s*dbaudit:\s*param\s+[$:@]?(\w+)\s*=\s*('(?:[^']|'')*'|[^\s'*]+)\s*(?:\*/)?\s*$", re.IGNORECASE
)
_IN_COMMENTS = "in the file"
_HOW = 'as [statement] with parameter = value, or several of [[statement]] or [statement.set]; or the same in JSON'


def in_comments(text: str) -> tuple[ValueSet, ...]:
    """What the comments `-- dbaudit: param status = 'open'` of a text give.

    A parameter that comes again has one more value: its first is in the first set, its second in the second; where
    another has more, its last value stays.
    """
    found: dict[str, list[str | None]] = {}
    for token in tokens(text):
        match = _COMMENT.match(text[token.start : token.end]) if token.kind == COMMENT else None
        if match:
            found.setdefault(match[1], []).append(_unquoted(match[2]))
    count = max(map(len, found.values()), default=0)
    return tuple(
        ValueSet(
            name=f"{_IN_COMMENTS} #{number + 1}" if count > 1 else _IN_COMMENTS,
            values={name: values[min(number, len(values) - 1)] for name, values in found.items()},
        )
        for number in range(count)
    )


def read_values(path: str) -> dict[str, tuple[ValueSet, ...]]:
    """The sets of values in a TOML or JSON file, by the name of the statement.

    A statement has one table of values, an array of them, or a table of tables with a name each. Raises AuditError where
    the file cannot be read or is of another form.
    """
    try:
        written = _written(path, Path(path).read_text("utf-8"))
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise AuditError(f"{path} is no {'JSON' if path.lower().endswith('.json') else 'TOML'}: {error}") from None
    if not isinstance(written, dict):
        raise AuditError(f"{path}: values are given by the name of a statement", _HOW)
    return {name: tuple(_sets(path, name, entry)) for name, entry in written.items()}


def _written(path: str, text: str) -> Any:
    if path.lower().endswith(".json"):
        return json.loads(text)
    import tomllib

    return tomllib.loads(text)


def with_values(
    statements: Iterable[Statement], values: Mapping[str, tuple[ValueSet, ...]], path: str = ""
) -> tuple[Statement, ...]:
    """The statements with the values of a file; those in their comments go before.

    Raises AuditError for values of a statement or of a parameter that is not there.
    """
    result = tuple(_with_sets(statement, values.get(statement.name, ())) for statement in statements)
    if unknown := sorted(values.keys() - {statement.name for statement in result if statement.name}):
        raise AuditError(f"{path}: no statement is called {unknown[0]}", "give it a name: -- name: " + unknown[0])
    for statement in result:
        for given in statement.value_sets if statement.kind is Kind.SQL else ():
            if lost := sorted(given.values.keys() - set(statement.parameters)):
                has = ", ".join(statement.parameters) or "none"
                raise AuditError(f"{statement.label} has no parameter {lost[0]}", f"its parameters: {has}")
    return result


def _with_sets(statement: Statement, sets: tuple[ValueSet, ...]) -> Statement:
    if not sets:
        return statement
    beside = statement.value_sets or (ValueSet(name="", values={}),)
    both = [
        replace(one, name=one.name if len(beside) == 1 else f"{one.name}, {other.name}", values={**one.values, **other.values})
        for one in sets
        for other in beside
    ]
    return replace(statement, value_sets=tuple(both))


def _sets(path: str, name: str, entry: Any) -> Iterable[ValueSet]:
    if isinstance(entry, list) and entry and all(isinstance(each, dict) for each in entry):
        named = [(f"#{number}", each) for number, each in enumerate(entry, start=1)]
    elif isinstance(entry, dict) and entry and all(isinstance(each, dict) for each in entry.values()):
        named = list(entry.items())
    elif isinstance(entry, dict) and entry:
        named = [(Path(path).name, entry)]
    else:
        raise AuditError(f"{path}: {name} has no values for parameters", _HOW)
    for label, values in named:
        texts = {parameter.lstrip("$:@"): _text(path, name, parameter, value) for parameter, value in values.items()}
        yield ValueSet(name=label, values=texts)


def _text(path: str, name: str, parameter: str, value: Any) -> str | None:
    """A value as PostgreSQL reads it in text form."""
    match value:
        case None | str():
            text = value
        case bool():
            text = "true" if value else "false"
        case int() | float():
            text = str(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            text = value.isoformat()
        case list() if not any(isinstance(each, dict) for each in value):
            text = "{" + ",".join(_element(_text(path, name, parameter, each), each) for each in value) + "}"
        case _:
            raise AuditError(f"{path}: {name}.{parameter} is no value of PostgreSQL", _HOW)
    if text is not None and "\0" in text:
        raise AuditError(f"{path}: {name}.{parameter} has a NUL byte in it")
    return text


def _element(text: str | None, value: Any) -> str:
    return "NULL" if text is None else text if isinstance(value, list) else quoted_element(text)


def quoted_element(text: str) -> str:
    """A value as an element of an array in text form."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(written: str) -> str | None:
    if written.startswith("'"):
        return written[1:-1].replace("''", "'")
    return None if written.lower() == "null" else written
