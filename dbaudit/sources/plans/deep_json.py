"""JSON of any depth, slowly: for a plan that is nested deeper than Python's own decoder goes."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*+")
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_CLOSING = {"{": "}", "[": "]"}


def decode(text: str, position: int) -> tuple[Any, int]:
    """The value that begins at `position`, and where the text goes on behind it. Raises json.JSONDecodeError."""
    held: list[dict[str, Any] | list[Any]] = []
    keys: list[str] = []
    while True:
        sign, position = _next(text, position)
        if sign in _CLOSING:
            held.append({} if sign == "{" else [])
            after, end = _next(text, position)
            if after != _CLOSING[sign]:
                position = _key(text, position, keys) if sign == "{" else position
                continue
            value, position = held.pop(), end
        else:
            value, position = _scalar(text, position - 1)
        while held:
            holder = held[-1]
            if isinstance(holder, dict):
                holder[keys.pop()] = value
            else:
                holder.append(value)
            sign, position = _next(text, position)
            if sign == ",":
                position = _key(text, position, keys) if isinstance(holder, dict) else position
                break
            if sign != ("}" if isinstance(holder, dict) else "]"):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, position - 1)
            value = held.pop()
        else:
            return value, position


def _next(text: str, position: int) -> tuple[str, int]:
    """The next character that is no space, and the place behind it."""
    position = _SPACE.match(text, position).end()
    if position == len(text):
        raise json.JSONDecodeError("Expecting value", text, position)
    return text[position], position + 1


def _key(text: str, position: int, keys: list[str]) -> int:
    sign, position = _next(text, position)
    if sign != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, position - 1)
    key, position = scanstring(text, position, True)
    keys.append(key)
    sign, position = _next(text, position)
    if sign != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, position - 1)
    return position


def _scalar(text: str, position: int) -> tuple[Any, int]:
    if text[position] == '"':
        return scanstring(text, position + 1, True)
    found = _SCALAR.match(text, position)
    if not found:
        raise json.JSONDecodeError("Expecting value", text, position)
    return json.loads(found.group()), found.end()
