"""Editing a statement's own text, and what must not stand in a part that is to be evaluated less often."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dbaudit.facts.statement import Edit, Statement
from dbaudit.sources import placeholders
from dbaudit.sources.sqlpieces import Pieces

# Placeholders that stand for values by their order alone.
POSITIONAL = frozenset(["?", "%s", "%b", "%t"])

# What may stand before a bracket: keywords, and functions of PostgreSQL's own whose result depends on nothing but their
# arguments and the transaction.
_NO_CALL = frozenset(
    "and or not in any all some exists where from join on select union as between when then else case by limit offset "
    "using having values filter over array row distinct".split()
)
_REPEATABLE = frozenset(
    "count abs btrim cast ceil coalesce concat date date_part date_trunc extract floor greatest initcap least left "
    "length lower ltrim mod now nullif replace right round rtrim sign split_part strpos substr substring to_char trim "
    "trunc upper current_timestamp varchar char numeric decimal timestamp timestamptz time interval bit float".split()
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def edited(statement: Statement, edits: Iterable[Edit]) -> Statement:
    """The statement with its text edited, the edits in the order of the text; its placeholders are read anew."""
    text, end = "", 0
    for edit in edits:
        text += statement.text[end : edit.start] + edit.text
        end = edit.end
    text += statement.text[end:]
    reading = placeholders.read(text)
    return replace(
        statement,
        text=text,
        parameters=reading.parameters,
        edits=reading.edits,
        is_ambiguous=reading.is_ambiguous,
        reason_not_sql=reading.reason_not_sql,
        value_sets=(),
    )


def written(pieces: Pieces, start: int, end: int) -> str:
    """The text from one piece to before another, as it stands, line breaks and comments too."""
    return pieces.text[pieces.starts[start] : pieces.ends[end - 1]]


def is_repeatable(pieces: Pieces, start: int, end: int) -> bool:
    """Whether a range says the same however often it is evaluated: no call but of functions that are known to."""
    words = pieces.words
    for place in range(start, end - 1):
        if words[place] == "tablesample":
            return False
        if words[place + 1] != "(" or not pieces.is_name(place):
            continue
        is_qualified = place > start and words[place - 1] == "."
        if is_qualified or words[place] not in _NO_CALL and words[place] not in _REPEATABLE:
            return False
    return True


def quoted(name: str) -> str:
    """An identifier as SQL writes it."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
