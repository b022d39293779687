"""What EXPLAIN's text says below the tree: planning, settings, JIT, triggers and times."""

from __future__ import annotations

import re
from typing import Any

from dbaudit.sources.plans.heads import number
from dbaudit.sources.plans.properties import buffers

_FLOAT = r"(\d+(?:\.\d+)?)"
_TIME = re.compile(rf"(Planning Time|Execution Time|Planning time|Execution time|Total runtime): {_FLOAT} ms")
_NAMES = {"Planning time": "Planning Time", "Execution time": "Execution Time", "Total runtime": "Execution Time"}
# explain.c, report_triggers. Names are not quoted there: one that has " on " in it is not told from a relation.
_TRIGGER = re.compile(
    rf"Trigger(?: (?!for constraint )(.+?))??(?: for constraint (.+?))?(?: on (.+?))?: (?:time={_FLOAT} )?calls=(\d+)"
)
_TRIGGER_KEYS = ("Trigger Name", "Constraint Name", "Relation")
_SETTING = re.compile(r"([\w.]+) = '(.*?)'(?=, [\w.]+ = '|$)")
_STEP = re.compile(rf"(\w+) {_FLOAT} ms")
_OPTION = re.compile(r"(\w+) (true|false)")
_GROUPS = ("Planning:", "JIT:", "Serialization:", "Query Identifier:")


def begun(raw: dict[str, Any], text: str) -> str:
    """Takes a line that begins a part of what is below the tree; the part's name, or "" where the line is none."""
    if found := _TIME.fullmatch(text):
        name, milliseconds = found.groups()
        name = _NAMES.get(name, name)
        raw[name] = float(milliseconds)
        return name
    if text.startswith("Settings: "):
        raw["Settings"] = dict(_SETTING.findall(text.removeprefix("Settings: ")))
        return "Settings"
    if found := _TRIGGER.fullmatch(text):
        *names, time, calls = found.groups()
        trigger: dict[str, Any] = {key: name for key, name in zip(_TRIGGER_KEYS, names) if name}
        trigger["Calls"] = number(calls)
        raw.setdefault("Triggers", []).append(trigger | ({"Time": float(time)} if time else {}))
        return "Triggers"
    for group in _GROUPS:
        if text.startswith(group):
            key, value = group.removesuffix(":"), text.removeprefix(group).strip()
            if key == "Query Identifier" and re.fullmatch(r"-?\d{1,30}", value):
                raw[key] = int(value)
            elif key in ("Planning", "JIT"):
                raw[key] = {}
            return key
    return ""


def add(raw: dict[str, Any], part: str, text: str) -> None:
    """Takes an indented line of a part that has begun."""
    name, _, value = text.partition(": ")
    if part == "Planning" and name == "Buffers":
        raw["Planning"] |= buffers(value)
    elif part == "JIT" and name == "Functions" and value.isdecimal() and len(value) < 20:
        raw["JIT"]["Functions"] = int(value)
    elif part == "JIT" and name == "Options":
        raw["JIT"]["Options"] = {option: word == "true" for option, word in _OPTION.findall(value)}
    elif part == "JIT" and name == "Timing":
        steps = {step: float(milliseconds) for step, milliseconds in _STEP.findall(value)}
        if "Total" in steps:
            raw["JIT"]["Timing"] = steps
