"""What can be seen in the queries of a statement, with exact places, from its tokens alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from dbaudit.facts.statement import Statement
from dbaudit.facts.statement_text import Read, Sight, Sighting
from dbaudit.finding import Span
from dbaudit.sources.sqllex import NUMBER, PARAMETER, QUOTED, STRING, WORD
from dbaudit.sources.sqlpieces import Pieces
from dbaudit.sources.sqlpredicates import Seen, everywhere, in_conditions, of_subquery
from dbaudit.sources.sqlquery import Query, Role, Source
from dbaudit.sources.sqlreads import branch_reads, join_reads
from dbaudit.sources.sqlterms import columns, comparison, conjuncts, is_bare_column, is_constant, split

_RANDOM = frozenset(["random", "gen_random_uuid", "uuid_generate_v4"])
_AGGREGATES = frozenset("count sum min max avg bool_and bool_or array_agg string_agg json_agg jsonb_agg".split())
_LONGEST_TEXT = 200
_LINE_BREAK = re.compile(r"\r\n?|\n")


def sightings(statement: Statement, pieces: Pieces, found: Sequence[Query]) -> tuple[Sighting, ...]:
    """What is seen in a statement, in the order of its text. `found` are all its queries."""
    seen = list(everywhere(pieces, found))
    for query in found:
        seen += _in_query(pieces, query, found)
    breaks = [found.end() for found in _LINE_BREAK.finditer(statement.text)] if seen else []
    seen.sort(key=lambda one: (one.start, one.sight))
    return tuple(_sighting(statement, pieces, one, breaks) for one in seen)


def _sighting(statement: Statement, pieces: Pieces, seen: Seen, breaks: list[int]) -> Sighting:
    text = pieces.raw(seen.start, seen.end)
    line, column = _place(statement.span, pieces.starts[seen.start], breaks)
    end_line, end_column = _place(statement.span, pieces.ends[seen.end - 1], breaks)
    return Sighting(
        sight=seen.sight,
        text=text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…",
        span=Span(path=statement.span.path, line=line, column=column, end_line=end_line, end_column=end_column),
        names=seen.names,
        number=seen.number,
        reads=seen.reads,
    )


def _place(whole: Span, offset: int, breaks: list[int]) -> tuple[int, int]:
    """Line and column in the file; `breaks` is where each line of the statement but the first begins."""
    before = bisect_right(breaks, offset)
    return (whole.line + before, offset - breaks[before - 1] + 1) if before else (whole.line, whole.column + offset)


def _in_query(pieces: Pieces, query: Query, found: Sequence[Query]) -> Iterator[Seen]:
    yield from in_conditions(pieces, query)
    yield from of_subquery(pieces, query)
    yield from _unused_ctes(pieces, query)
    if query.verb in ("update", "delete"):
        yield from _no_where(query)
    if query.verb == "insert":
        yield from _insert(pieces, query)
    if query.verb in ("select", "union"):
        yield from _offset(pieces, query)
        yield from _limit(pieces, query)
    if query.verb == "union":
        yield from _union(pieces, query, found)
    if query.verb == "select":
        yield from _random(pieces, query)
        yield from _distinct(pieces, query)
    yield from _cartesian(pieces, query)


def _no_where(query: Query) -> Iterator[Seen]:
    if "where" not in query.clauses:
        target = query.sources[0]
        yield Seen(Sight.NO_WHERE, query.keywords["verb"], target.end, (query.verb.upper(), target.name))


def _insert(pieces: Pieces, query: Query) -> Iterator[Seen]:
    named, body = query.clauses["target"], query.clauses["body"]
    target = pieces.raw(*named)
    word = pieces.words[body[0]] if body[0] < body[1] else ""
    if "columns" not in query.clauses and word != "default":
        yield Seen(Sight.NO_COLUMN_LIST, query.keywords["verb"], named[1], (target,), reads=(Read(relation=target, columns=()),))
    if query.role is not Role.TOP or word != "values" or pieces.words[body[0] + 1 : body[0] + 2] != ["("]:
        return
    opens = body[0] + 1
    if pieces.partner[opens] == body[1] - 1 and "select" not in pieces.words[opens : body[1]]:
        count = len(split(pieces, opens + 1, body[1] - 1, ","))
        listed = pieces.raw(*query.clauses["columns"]) if "columns" in query.clauses else ""
        yield Seen(Sight.SINGLE_ROW_INSERT, query.keywords["verb"], body[1], (target, listed, str(count)))


def _offset(pieces: Pieces, query: Query) -> Iterator[Seen]:
    if "offset" not in query.clauses:
        return
    start, end = query.clauses["offset"]
    kinds = pieces.kinds[start:end]
    if PARAMETER in kinds:
        yield Seen(Sight.OFFSET, query.keywords["offset"], end)
    elif kinds[:1] == [NUMBER] and (digits := pieces.raw(start, start + 1).replace("_", "")).isdigit():
        yield Seen(Sight.OFFSET, query.keywords["offset"], end, number=int(digits[:18]))


def _limit(pieces: Pieces, query: Query) -> Iterator[Seen]:
    """A statement that takes some rows of many without saying which; not where at most one row can be meant."""
    word = next((word for word in ("limit", "fetch") if word in query.clauses), "")
    if not word or "order" in query.clauses or query.role is not Role.TOP:
        return
    start, end = query.clauses[word]
    count = next((pieces.raw(place, place + 1) for place in range(start, end) if pieces.kinds[place] == NUMBER), "")
    if count == "0" or pieces.words[start] in ("all", "null"):
        return
    if query.verb == "select" and not _has_many_rows(pieces, query, is_one=count == "1" or word == "fetch" and not count):
        return
    yield Seen(Sight.LIMIT_WITHOUT_ORDER, query.keywords[word], end)


def _has_many_rows(pieces: Pieces, query: Query, *, is_one: bool) -> bool:
    if not any(source.kind == "relation" for source in query.sources) or "for" in query.clauses:
        return False
    start, end = query.clauses["select"]
    if is_constant(pieces, start, end):
        return False
    if "group" not in query.clauses and any(pieces.words[place] in _AGGREGATES for place in pieces.level(start, end)):
        return False
    if not is_one or "where" not in query.clauses:
        return True
    return all(_pinned(pieces, *term) is None for term in conjuncts(pieces, *query.clauses["where"]))


def _pinned(pieces: Pieces, start: int, end: int) -> str | None:
    """The qualifier of the column that a condition makes equal to a constant; None for any other condition."""
    compared = comparison(pieces, start, end)
    if not compared or compared[1] != "=":
        return None
    for side, other in ((compared[0], compared[2]), (compared[2], compared[0])):
        column = is_bare_column(pieces, *side)
        if column and is_constant(pieces, *other):
            return column.qualifier
    return None


def _union(pieces: Pieces, query: Query, found: Sequence[Query]) -> Iterator[Seen]:
    if not query.is_distinct_union or query.is_recursive:
        return
    place = query.keywords["union"]
    if query.role in (Role.IN, Role.EXISTS) and not {"limit", "offset", "fetch"} & set(query.clauses):
        yield Seen(Sight.UNION_NOT_COMPARED, place, place + 1, (str(query.role),))
        return
    lists = [_literals(pieces, *branch) for branch in query.branches]
    for items in zip(*lists):
        if None not in items and len(set(items)) == len(items):
            yield Seen(Sight.UNION_OF_CONSTANTS, place, place + 1, tuple(items), reads=branch_reads(pieces, query, found))
            return


def _literals(pieces: Pieces, start: int, end: int) -> list[str | None]:
    """The items of a select list that are a literal, as written, None for each other; none where it reads nothing."""
    if pieces.words[start] != "select":
        return []
    stop = next((place for place in pieces.level(start + 1, end) if pieces.words[place] == "from"), end)
    if stop == end:
        return []
    result: list[str | None] = []
    for first, last in split(pieces, start + 1, stop, ","):
        is_literal = first < last and pieces.kinds[first] in (STRING, NUMBER)
        is_alone = last - first == 1 or pieces.words[first + 1 : first + 2] == ["as"]
        result.append(pieces.raw(first, first + 1) if is_literal and is_alone else None)
    return result


def _random(pieces: Pieces, query: Query) -> Iterator[Seen]:
    if "order" not in query.clauses or not any(source.kind != "function" for source in query.sources):
        return
    start, end = query.clauses["order"]
    if pieces.words[start] in _RANDOM and pieces.words[start + 1 : start + 2] == ["("]:
        yield Seen(Sight.ORDER_BY_RANDOM, query.keywords["order"], pieces.partner[start + 1] + 1)


def _distinct(pieces: Pieces, query: Query) -> Iterator[Seen]:
    start, end = query.clauses["select"]
    if pieces.words[start : start + 1] != ["distinct"] or pieces.words[start + 1 : start + 2] == ["on"]:
        return
    if "(" in pieces.words[start:end] or "group" in query.clauses or len(query.sources) < 2:
        return
    qualifiers = {column.qualifier for column in columns(pieces, start + 1, end)}
    qualifiers |= {pieces.name(place - 2) for place in range(start + 2, end) if pieces.words[place - 1 : place + 1] == [".", "*"]}
    others = [source for source in query.sources if source.alias not in qualifiers and source.kind == "relation"]
    if len(qualifiers) == 1 and "" not in qualifiers and len(others) == len(query.sources) - 1:
        one = next(source for source in query.sources if source not in others)
        names = (one.name, *(source.name for source in others))
        yield Seen(Sight.DISTINCT_OVER_JOIN, start, start + 1, names, reads=join_reads(pieces, query, one))


def _cartesian(pieces: Pieces, query: Query) -> Iterator[Seen]:
    """Two relations, separated by a comma, that no condition links. Where the text leaves a doubt there is no sighting."""
    sources = query.sources
    if len({source.item for source in sources}) < 2 or query.verb != "select" and "where" not in query.clauses:
        return
    groups = _Groups(sources)
    terms = conjuncts(pieces, *query.clauses["where"]) if "where" in query.clauses else []
    pinned: set[str] = set()
    for term in terms:
        named = columns(pieces, *term)
        if len(named) > 1 and any(not column.qualifier for column in named):
            return
        groups.link({column.qualifier for column in named})
        pin = _pinned(pieces, *term)
        if pin == "":
            return
        pinned |= {pin} if pin else set()
    for source in sources:
        if source.kind != "relation":
            groups.link({source.alias, *(column.qualifier for column in columns(pieces, source.start, source.end))})
    apart = groups.apart(pinned)
    if len(apart) > 1:
        second = apart[1]
        yield Seen(Sight.CARTESIAN, second.start, second.end, tuple(source.name for source in apart))


class _Groups:
    """Sources by what links them: those of one join are one from the start."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources
        self.of = {index: source.item for index, source in enumerate(sources)}

    def link(self, aliases: set[str]) -> None:
        groups = {self.of[index] for index, source in enumerate(self.sources) if source.alias in aliases}
        for index, group in self.of.items():
            if group in groups:
                self.of[index] = min(groups)

    def apart(self, pinned: set[str]) -> list[Source]:
        """One source of each group that holds a relation and that no equality with a constant narrows."""
        result: dict[int, Source] = {}
        narrowed = {self.of[index] for index, source in enumerate(self.sources) if source.alias in pinned}
        for index, source in enumerate(self.sources):
            if source.kind == "relation" and self.of[index] not in narrowed:
                result.setdefault(self.of[index], source)
        return list(result.values())


def _unused_ctes(pieces: Pieces, query: Query) -> Iterator[Seen]:
    """WITH queries whose name stands nowhere but in their own definition: where it does, it may be read there."""
    if not query.ctes:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for place, kind in enumerate(pieces.kinds):
        if kind in (WORD, QUOTED):
            places[pieces.name(place)].append(place)
    for cte in query.ctes:
        body = range(cte.place, pieces.partner[cte.opens])
        if cte.is_query and all(place in body for place in places[cte.name]):
            yield Seen(Sight.UNUSED_CTE, cte.place, cte.place + 1, (pieces.raw(cte.place, cte.place + 1),))
