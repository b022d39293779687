"""Conditions: the terms that AND, OR and brackets put together, and the columns that stand in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dbaudit.sources.sqllex import NUMBER, OPERATOR, PARAMETER, STRING, WORD
from dbaudit.sources.sqlpieces import CAST, Pieces

Range = tuple[int, int]

COMPARISONS = frozenset(["=", "<", ">", "<=", ">="])
# Words in an expression that are no column.
_NO_COLUMN = frozenset(
    "and or not is null true false unknown in like ilike similar to escape between symmetric any all some exists array "
    "row case when then else end distinct from for at zone local collate asc desc nulls first last over filter within "
    "group by order where select having limit offset union intersect except as on using join left right inner outer full "
    "cross natural lateral with without precision varying operator isnull notnull overlaps default values returning "
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user system_user leading trailing both partition rows range groups unbounded preceding "
    "following current interval".split()
)
_TYPES = frozenset("timestamp time character double bit national".split())


class Reference(NamedTuple):
    """A column as it is named: what stands before its dot (empty without), its name, and its places."""

    qualifier: str
    name: str
    start: int
    end: int


def conjuncts(pieces: Pieces, start: int, end: int) -> list[Range]:
    """The terms that AND puts together, brackets around the whole left out; one where OR does."""
    start, end = unwrapped(pieces, start, end)
    return [(start, end)] if len(split(pieces, start, end, "or")) > 1 else split(pieces, start, end, "and")


def disjuncts(pieces: Pieces, start: int, end: int) -> list[Range]:
    """The terms that OR puts together."""
    return split(pieces, *unwrapped(pieces, start, end), "or")


def atoms(pieces: Pieces, start: int, end: int) -> Iterator[Range]:
    """Each condition without AND, OR and brackets around it, also what is under NOT."""
    todo = [(start, end)]
    while todo:
        start, end = unwrapped(pieces, *todo.pop())
        while start < end and pieces.words[start] == "not":
            start, end = unwrapped(pieces, start + 1, end)
        for word in ("or", "and"):
            parts = split(pieces, start, end, word)
            if len(parts) > 1:
                todo += reversed(parts)
                break
        else:
            if start < end:
                yield start, end


def unwrapped(pieces: Pieces, start: int, end: int) -> Range:
    """A range without the brackets around all of it; those around a subquery stay."""
    while start < end and pieces.words[start] == "(" and pieces.partner[start] == end - 1:
        if pieces.words[start + 1] in ("select", "with", "values", "table"):
            break
        start, end = start + 1, end - 1
    return start, end


def split(pieces: Pieces, start: int, end: int, separator: str) -> list[Range]:
    """A range cut at a word that is in no brackets, in no CASE, and is not the AND of BETWEEN."""
    parts: list[Range] = []
    begins, cases, is_between = start, 0, False
    for place in pieces.level(start, end):
        word = pieces.words[place]
        if word == "case":
            cases += 1
        elif word == "end" and cases:
            cases -= 1
        elif cases:
            continue
        elif word == "between":
            is_between = True
        elif word == "and" and is_between:
            is_between = False
        elif word == separator:
            parts.append((begins, place))
            begins = place + 1
    return [*parts, (begins, end)]


def columns(pieces: Pieces, start: int, end: int) -> list[Reference]:
    """The columns that are named in a range, in brackets too. Names in subqueries count, whatever they are there."""
    found = []
    place = start
    while place < end:
        if not pieces.is_name(place):
            place += 1
            continue
        first, last = place, place
        while last + 2 < end and pieces.words[last + 1] == "." and pieces.is_name(last + 2):
            last += 2
        place = last + 1
        if _is_column(pieces, first, last, end):
            qualifier = pieces.name(last - 2) if last > first else ""
            found.append(Reference(qualifier, pieces.name(last), first, last + 1))
    return found


def _is_column(pieces: Pieces, first: int, last: int, end: int) -> bool:
    word = pieces.words[first]
    before = pieces.words[first - 1] if first else ""
    after = pieces.words[last + 1] if last + 1 < len(pieces) else ""
    if before in (CAST, "collate") or after in ("(", ".") or first == last and word in _NO_COLUMN:
        return False
    if first == last and pieces.kinds[first] == WORD:
        if last + 1 < end and pieces.kinds[last + 1] == STRING:
            return False
        if before in ("as", "with", "without", "at") or word in _TYPES and after in ("with", "without", "precision", "varying"):
            return False
        if before == "(" and after == "from" and pieces.words[first - 2] == "extract":
            return False
        if before == "" and first and pieces.kinds[first - 1] == STRING:
            return False
    return True


def is_constant(pieces: Pieces, start: int, end: int) -> bool:
    """Whether a range names no column and holds no query: literals, parameters, and functions of these."""
    if start >= end or any(pieces.words[place] in ("select", "values", "table") for place in range(start, end)):
        return False
    kinds = pieces.kinds[start:end]
    has_value = any(kind in (NUMBER, STRING, PARAMETER, WORD) for kind in kinds)
    return has_value and not columns(pieces, start, end)


def comparison(pieces: Pieces, start: int, end: int, operators: frozenset[str] = COMPARISONS) -> tuple[Range, str, Range] | None:
    """The two sides of a condition and the operator between them, where it is one comparison and nothing more."""
    found = [
        place
        for place in pieces.level(start, end)
        if pieces.kinds[place] == OPERATOR and pieces.words[place] in operators
    ]
    if len(found) != 1 or not start < found[0] < end - 1:
        return None
    return (start, found[0]), pieces.words[found[0]], (found[0] + 1, end)


def is_bare_column(pieces: Pieces, start: int, end: int) -> Reference | None:
    """The column that a range is, where it is one and nothing else."""
    start, end = unwrapped(pieces, start, end)
    named = columns(pieces, start, end)
    return named[0] if len(named) == 1 and (named[0].start, named[0].end) == (start, end) else None
