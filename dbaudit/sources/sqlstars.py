"""Stars of SELECT and RETURNING lists, and the relations whose columns they stand for. Tokens are enough for that too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import SelectStar
from dbaudit.sources.sqllex import OPERATOR, PUNCTUATION, WORD, Token, fold
from dbaudit.sources.sqlpieces import NotRead, Pieces
from dbaudit.sources.sqlquery import Query, Range, Role, Source, after_name, is_keyword, names_of
from dbaudit.sources.sqlterms import split

_BEFORE_STAR = frozenset(["select", "all", "distinct", "returning"])
_CHANGES = frozenset(["insert", "update", "delete", "merge"])


class _Star(NamedTuple):
    """A star that is an item of a list: its pieces, and the names before it, outermost first."""

    start: int
    end: int
    names: tuple[str, ...]


class _Named(NamedTuple):
    """What a star may stand for: the names it is called by, and the relation as it is written, empty where it is none."""

    names: tuple[str, ...]
    relation: str


def may_have_stars(text: str, found: Sequence[Token]) -> bool:
    """Whether a star stands where one of a list can. `found` are the tokens without white space and comments."""
    for place in range(1, len(found)) if "*" in text else ():
        token, before = found[place], found[place - 1]
        if token.kind == OPERATOR and text[token.start : token.end] == "*":
            word = text[before.start : before.end]
            if before.kind == PUNCTUATION and word in ",.)" or before.kind == WORD and fold(word) in _BEFORE_STAR:
                return True
    return False


def select_stars(statement: Statement, pieces: Pieces, found: Sequence[Query]) -> tuple[SelectStar, ...]:
    """The stars that reach relations, in the order of the text. `found` are all queries of the statement.

    Raises NotRead where what a star stands for is not to be found.
    """
    _check_all_are_read(pieces, found)
    stars = sorted((star, relations) for query in found for star, relations in _of_query(pieces, query))
    return tuple(
        SelectStar(
            text=statement.text[pieces.starts[star.start] : pieces.ends[star.end - 1]],
            span=statement.extent(pieces.starts[star.start], pieces.ends[star.end - 1]),
            relations=tuple(relations),
        )
        for star, relations in stars
    )


def _check_all_are_read(pieces: Pieces, found: Sequence[Query]) -> None:
    read = {query.keywords.get("select") for query in found}
    for place, word in enumerate(pieces.words):
        if word == "select" and place not in read and is_keyword(pieces, place):
            raise NotRead("one of its queries is not understood")


def _of_query(pieces: Pieces, query: Query) -> Iterator[tuple[_Star, list[str]]]:
    """The stars of a query's own list, with the relations they reach."""
    if query.verb == "select":
        stars = list(_stars(pieces, _without_distinct(pieces, *query.clauses["select"])))
        if stars and _only_asked_for(query):
            return
        also: tuple[str, ...] = ()
    elif query.verb in _CHANGES:
        listed, also = _returned(pieces, query)
        stars = list(_stars(pieces, listed))
    else:
        return
    for star in stars:
        relations = _relations(pieces, query, star, also)
        if relations:
            yield star, relations


def _without_distinct(pieces: Pieces, start: int, end: int) -> Range:
    words = pieces.words
    if start < end and words[start] in ("all", "distinct"):
        start += 1
        if start + 1 < end and words[start] == "on" and words[start + 1] == "(":
            start = pieces.partner[start + 1] + 1
    return start, end


def _returned(pieces: Pieces, query: Query) -> tuple[Range, tuple[str, ...]]:
    """The list behind RETURNING, and what the old and the new row are called in it."""
    words, rows = pieces.words, ("old", "new")
    for place in pieces.level(query.keywords["verb"], query.end):
        if words[place] == "returning" and is_keyword(pieces, place):
            start = place + 1
            if words[start : start + 2] == ["with", "("]:
                inside = range(start + 2, pieces.partner[start + 1])
                rows += tuple(pieces.name(other + 1) for other in inside if words[other] == "as")
                start = pieces.partner[start + 1] + 1
            return (start, query.end), rows
    return (query.end, query.end), ()


def _stars(pieces: Pieces, listed: Range) -> Iterator[_Star]:
    for start, end in split(pieces, *listed, ","):
        place, names = start, []
        while pieces.is_name(place) and place + 1 < end and pieces.words[place + 1] == ".":
            names.append(pieces.name(place))
            place += 2
        if place >= end or pieces.words[place] != "*":
            continue
        after = pieces.words[place + 1] if place + 1 < end else ""
        is_whole = place + 1 == end or after == "as" or place + 2 == end and pieces.is_name(place + 1)
        if is_whole:
            yield _Star(start, place + 1, tuple(names))
        elif not names:
            raise NotRead("one of its stars is not understood")


def _only_asked_for(query: Query) -> bool:
    """Whether the rows of a query are only asked whether there are any."""
    while query.role is Role.BRANCH and query.parent is not None:
        query = query.parent
    return query.role is Role.EXISTS


def _relations(pieces: Pieces, query: Query, star: _Star, rows: Sequence[str]) -> list[str]:
    """The relations that a star reaches, as they are written. Raises NotRead for `t.*` where nothing is called t."""
    own = list(_named(pieces, query))
    if not star.names:
        return [named.relation for named in own if named.relation]
    around: Query | None = query
    level = own
    while around is not None:
        called = [named for named in level if named.names[-len(star.names) :] == star.names]
        if called:
            return [named.relation for named in called if named.relation]
        around = around.parent
        level = list(_named(pieces, around)) if around else []
    if star.names[0] in rows and len(star.names) == 1:
        return [own[0].relation]
    if star.names[0] in _names_of_joins(pieces):
        return []
    written = pieces.raw(star.start, star.end).replace(" ", "")
    raise NotRead(f"{written} names nothing in its FROM clause")


def _named(pieces: Pieces, query: Query) -> Iterator[_Named]:
    if query.verb == "insert":
        start, end = query.clauses["target"]
        is_called = pieces.words[end : end + 1] == ["as"]
        names = (pieces.name(end + 1),) if is_called and pieces.is_name(end + 1) else names_of(pieces, start)
        yield _Named(names, pieces.raw(start, end))
    for source in query.sources:
        yield _Named(_names_of_source(pieces, source), source.name if source.kind == "relation" else "")


def _names_of_source(pieces: Pieces, source: Source) -> tuple[str, ...]:
    if source.kind == "relation":
        names = names_of(pieces, source.start)
        if names[-1] == source.alias and source.end == after_name(pieces, source.start):
            return names
    return (source.alias,)


def _names_of_joins(pieces: Pieces) -> set[str]:
    """What JOIN … USING (…) AS x calls the columns that are joined: it names them itself."""
    words = pieces.words
    lists = (place for place, word in enumerate(words) if words[place - 1] == "using" and word == "(")
    closings = [pieces.partner[place] for place in lists]
    return {pieces.name(end + 2) for end in closings if words[end + 1 : end + 2] == ["as"] and pieces.is_name(end + 2)}
