"""Statements whose parameters the server cannot give a type to, with the cast that their driver would have implied."""

from __future__ import annotations

import re
from dataclasses import replace

from dbaudit.facts.statement import Edit, Statement
from dbaudit.sources.postgres.pipeline import Failure
from dbaudit.sources.sqllex import COMMENT, OPERATOR, PARAMETER, SPACE, tokens

_NO_TYPE, _TWO_TYPES, _NO_OPERATOR, _NOT_UNIQUE = "42P18", "42P08", "42883", "42725"
_TWO_KINDS = re.compile(r"(.+) versus (.+)")
_PARAMETER = re.compile(r"\$\d+")


def repaired(statement: Statement, failure: Failure) -> Statement | None:
    """The statement with one more parameter cast, or None where no cast is known that helps.

    A parameter without any type is text, as an untyped literal is. One that is text at one place and has a type at
    another (`$1 is null or id = $1`) has that type. One that is added to a time or taken from it is an interval.
    """
    sent = statement.sent
    if failure.sqlstate == _NO_TYPE:
        named = _PARAMETER.search(failure.message)
        return cast(statement, named.group(), "text") if named else None
    if failure.sqlstate == _TWO_TYPES and failure.position:
        named = _PARAMETER.match(sent, failure.position - 1)
        kinds = _TWO_KINDS.fullmatch(failure.detail)
        kind = next((kind for kind in reversed(kinds.groups()) if kind != "text"), "") if kinds else ""
        return cast(statement, named.group(), kind) if named and kind else None
    if failure.sqlstate == _NO_OPERATOR and ("interval" in failure.message or "time" in failure.message):
        for name in _shifting(sent):
            if made := cast(statement, name, "interval"):
                return made
    return None


def reason_untyped(statement: Statement, failure: Failure) -> str:
    """Why a refusal says nothing about a statement whose program gives its parameters types, or empty."""
    is_untyped = failure.sqlstate in (_NO_TYPE, _TWO_TYPES)
    if failure.sqlstate == _NOT_UNIQUE and "unknown" in failure.message:
        is_untyped = _PARAMETER.search(statement.sent) is not None
    if not is_untyped:
        return ""
    return f"has a parameter whose type the server cannot tell ({failure.message}): write it as $1::type"


def without_place(text: str, failure: Failure) -> tuple[str, str]:
    """The parameter ("$1") at the place that says nothing about its type, as in `$1 is null`, and the text without it.

    Both are empty where the refusal is another one.
    """
    named = _PARAMETER.match(text, failure.position - 1) if failure.sqlstate == _TWO_TYPES and failure.position else None
    return (named.group(), f"{text[: named.start()]}null{text[named.end() :]}") if named else ("", "")


def cast(statement: Statement, name: str, kind: str) -> Statement | None:
    """Each place of the parameter `name` ("$1") cast; None where all of them have a cast of ours."""
    edits, made = [], 0
    for edit in statement.edits:
        made += edit.text == name
        edits.append(replace(edit, text=f"{name}::{kind}") if edit.text == name else edit)
    for token in tokens(statement.text):
        written = token.kind == PARAMETER and statement.text[token.start : token.end] == name
        if written and not any(edit.start <= token.start < edit.end for edit in statement.edits):
            edits.append(Edit(start=token.start, end=token.end, text=f"{name}::{kind}"))
            made += 1
    return replace(statement, edits=tuple(sorted(edits, key=lambda edit: edit.start))) if made else None


def _shifting(text: str) -> list[str]:
    """The parameters right behind + or -."""
    found = [token for token in tokens(text) if token.kind not in (SPACE, COMMENT)]
    return [
        text[token.start : token.end]
        for before, token in zip(found, found[1:])
        if token.kind == PARAMETER and before.kind == OPERATOR and text[before.start : before.end] in ("+", "-")
    ]
