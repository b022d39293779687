"""FROM: the relations, functions and subqueries that a query reads, and the conditions of its joins."""

from __future__ import annotations

from dbaudit.sources.sqlpieces import NotRead, Pieces
from dbaudit.sources.sqlquery import Query, Source, after_name, is_query

_JOIN_WORDS = frozenset(["join", "natural", "cross", "inner", "left", "right", "full"])
_NOT_AN_ALIAS = _JOIN_WORDS | {"on", "using", "tablesample", "with", "as", "set", "outer"}
# Functions of SQL that are called without parentheses.
_VALUE_FUNCTIONS = frozenset(
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user system_user user".split()
)


def read_from(pieces: Pieces, query: Query, start: int, end: int, inside: int | None = None) -> list[int]:
    """Adds to a query the sources and join conditions that stand in a range; returns the brackets that open subqueries.

    `inside` is the item of the list that brackets around a join belong to. Raises NotRead.
    """
    words = pieces.words
    opened: list[int] = []
    following = query.sources[-1].item + 1 if query.sources else 0
    place, item = start, following if inside is None else inside
    if place >= end:
        raise NotRead("its FROM clause is empty")
    while True:
        place = _read_source(pieces, query, place, end, item, opened)
        while place < end and words[place] in ("on", "using"):
            place = _read_join(pieces, query, place, end)
        if place >= end:
            return opened
        if words[place] == "," and inside is None:
            item += 1
        elif words[place] in _JOIN_WORDS:
            while place < end and words[place] != "join":
                if words[place] not in _JOIN_WORDS and words[place] != "outer":
                    raise NotRead("its FROM clause is not understood")
                place += 1
        else:
            raise NotRead("its FROM clause is not understood")
        place += 1


def _read_join(pieces: Pieces, query: Query, place: int, end: int) -> int:
    words = pieces.words
    if words[place] == "using":
        if words[place + 1 : place + 2] != ["("]:
            raise NotRead("its FROM clause is not understood")
        after = pieces.partner[place + 1] + 1
        return after + 2 if after < end and words[after] == "as" else after
    stop = end
    for other in pieces.level(place + 1, end):
        word = words[other]
        if word in (",", "on", "using") or word in _JOIN_WORDS and words[other + 1 : other + 2] != ["("]:
            stop = other
            break
    query.joins.append((place + 1, stop))
    return stop


def _read_source(pieces: Pieces, query: Query, place: int, end: int, item: int, opened: list[int]) -> int:
    words = pieces.words
    is_lateral = words[place : place + 1] == ["lateral"]
    place += is_lateral
    place += words[place : place + 1] == ["only"]
    start, kind, known = place, "relation", len(query.sources)
    if place >= end:
        raise NotRead("its FROM clause is not understood")
    if words[place] == "(":
        inner, after = place + 1, pieces.partner[place] + 1
        if _holds_query(pieces, inner, after - 1):
            opened.append(place)
            kind = "query"
        else:
            kind = "joins"
            opened += read_from(pieces, query, inner, after - 1, item)
    elif words[place : place + 3] == ["rows", "from", "("]:
        kind, after = "function", pieces.partner[place + 2] + 1
    else:
        after = after_name(pieces, place)
        if after < end and words[after] == "(":
            kind, after = "function", pieces.partner[after] + 1
        elif after == place + 1 and words[place] in _VALUE_FUNCTIONS:
            kind = "function"
    name_end = after
    after += kind == "relation" and words[after : after + 1] == ["*"]
    after, alias = _read_alias(pieces, after, end)
    if kind != "joins":
        own = pieces.name(after_name(pieces, start) - 1) if kind != "query" else ""
        query.sources.append(
            Source(
                kind=kind, name=pieces.raw(start, name_end), alias=alias or own, start=start, end=after,
                is_lateral=is_lateral, item=item,
            )
        )  # fmt: skip
    elif alias:
        for source in query.sources[known:]:
            source.alias = alias
    return after


def _holds_query(pieces: Pieces, start: int, end: int) -> bool:
    """Whether brackets hold a query, and no join."""
    while not is_query(pieces, start, end):
        if start >= end or pieces.words[start] != "(" or pieces.partner[start] != end - 1:
            return False
        start, end = start + 1, end - 1
    return True


def _read_alias(pieces: Pieces, place: int, end: int) -> tuple[int, str]:
    words = pieces.words
    alias = ""
    if words[place : place + 2] == ["with", "ordinality"] and place < end:
        place += 2
    is_marked = place < end and words[place] == "as"
    place += is_marked
    if place < end and pieces.is_name(place) and (is_marked or words[place] not in _NOT_AN_ALIAS):
        alias = pieces.name(place)
        place += 1
    if place < end and words[place] == "(":
        place = pieces.partner[place] + 1
    if place < end and words[place] == "tablesample":
        while place < end and words[place] != "(":
            place += 1
        place = pieces.partner[place] + 1 if place < end else place
        if place < end and words[place] == "repeatable":
            place = pieces.partner[place + 1] + 1
    return place, alias
