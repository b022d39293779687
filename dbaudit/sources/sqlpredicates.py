"""What can be seen in the conditions of a statement's queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dbaudit.facts.statement_text import Read, Sight
from dbaudit.sources.sqllex import NUMBER, OPERATOR, STRING
from dbaudit.sources.sqlpieces import CAST, Pieces
from dbaudit.sources.sqlquery import Query, Role
from dbaudit.sources.sqlterms import (
    Range,
    Reference,
    atoms,
    columns,
    comparison,
    conjuncts,
    disjuncts,
    is_bare_column,
    is_constant,
    split,
    unwrapped,
)

_ARITHMETIC = frozenset("+-*/")
_LIKE = frozenset(["like", "ilike", "~~", "~~*"])
_QUERY_WORDS = frozenset(["select", "with", "values", "table"])
_NULL_TESTS = frozenset(["=", "<>", "!="])
_GROUPING_SETS = frozenset(["rollup", "cube", "grouping"])
_EXISTENCE = {(">", "0"), (">=", "1"), ("<>", "0"), ("!=", "0"), ("=", "0"), ("<", "1")}
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_NO_FUNCTION = frozenset(["row", "array", "any", "all", "some", "exists", "in", "values"])


class Seen(NamedTuple):
    """A sighting by the places of its pieces."""

    sight: Sight
    start: int
    end: int
    names: tuple[str, ...] = ()
    number: int | None = None
    reads: tuple[Read, ...] = ()


def in_conditions(pieces: Pieces, query: Query) -> Iterator[Seen]:
    """What stands in the WHERE clause of a query and in the conditions of its joins."""
    ranges = [*([query.clauses["where"]] if "where" in query.clauses else []), *query.joins]
    for start, end in ranges:
        for term in atoms(pieces, start, end):
            yield from _leading_wildcard(pieces, query, *term)
            yield from _hidden_column(pieces, query, *term)
    yield from _or_in_filter(pieces, query)
    yield from _or_in_join(pieces, query)


def everywhere(pieces: Pieces, queries: Sequence[Query]) -> Iterator[Seen]:
    """What is a fault wherever in the statement it stands."""
    assigned = {place for query in queries for start, end in _assignments(query) for place in pieces.level(start, end)}
    words, kinds = pieces.words, pieces.kinds
    for place in range(1, len(pieces) - 1):
        if words[place] in _NULL_TESTS and kinds[place] == OPERATOR and place not in assigned and words[place - 1] != ":":
            if words[place + 1] == "null":
                yield Seen(Sight.EQUALS_NULL, _start_of_operand(pieces, place), place + 2, (words[place],))
            elif words[place - 1] == "null" and words[place - 2] not in ("is", "not"):
                yield Seen(Sight.EQUALS_NULL, place - 1, _end_of_operand(pieces, place + 1), (words[place],))
        elif words[place] == "in" and words[place + 1] == "(" and words[place + 2] not in _QUERY_WORDS:
            close = pieces.partner[place + 1]
            count = 1 + sum(words[other] == "," for other in pieces.level(place + 2, close))
            if count > 1 and is_constant(pieces, place + 2, close):
                yield Seen(Sight.IN_LIST, place, close + 1, number=count)


def of_subquery(pieces: Pieces, query: Query) -> Iterator[Seen]:
    """What a subquery is in the condition it stands in: NOT IN, or counted only to see whether there is a row."""
    yield from _not_in(pieces, query)
    yield from _count_for_existence(pieces, query)


def relation_of(query: Query, qualifier: str) -> str:
    """The relation that a column of a query is of, as it is written; empty where the text does not tell."""
    relations = [source for source in query.sources if source.kind == "relation"]
    if not qualifier:
        return relations[0].name if len(query.sources) == 1 and relations else ""
    return next((source.name for source in relations if source.alias == qualifier), "")


def _read(relation: str, *named: Reference) -> tuple[Read, ...]:
    """What a schema may decide about columns of a relation; nothing where the text does not tell which."""
    columns = tuple(dict.fromkeys(column.name for column in named))
    return (Read(relation=relation, columns=columns),) if relation else ()


def _is_computed(query: Query, qualifier: str) -> bool:
    """Whether a column is one of a subquery or function, so that no index can be on it."""
    mine = [source for source in query.sources if not qualifier or source.alias == qualifier]
    return bool(mine) and all(source.kind != "relation" for source in mine)


def _leading_wildcard(pieces: Pieces, query: Query, start: int, end: int) -> Iterator[Seen]:
    for place in pieces.level(start, end):
        if pieces.words[place] not in _LIKE:
            continue
        before = pieces.words[place - 1]
        outer = [pieces.words[other] for other in (start - 1, start - 2) if other >= 0]
        if before == "not" or outer[:1] == ["not"] or outer == ["(", "not"]:
            return
        named = columns(pieces, start, place)
        if len(named) == 1 and not _is_computed(query, named[0].qualifier) and _begins_with_wildcard(pieces, place + 1, end):
            column = pieces.raw(named[0].start, named[0].end)
            relation = relation_of(query, named[0].qualifier)
            yield Seen(Sight.LEADING_WILDCARD, start, end, (column, relation), reads=_read(relation, named[0]))
        return


def _begins_with_wildcard(pieces: Pieces, start: int, end: int) -> bool:
    start, end = unwrapped(pieces, start, end)
    if pieces.words[start : start + 2] == ["concat", "("]:
        start += 2
        is_more = True
    else:
        is_more = pieces.words[start + 1 : start + 2] == ["||"]
    if start >= end or pieces.kinds[start] != STRING:
        return False
    literal = pieces.text[pieces.starts[start] : pieces.ends[start]].lstrip("eE").strip("'")
    return literal.startswith("%") and (is_more or bool(literal.strip("%")))


def _hidden_column(pieces: Pieces, query: Query, start: int, end: int) -> Iterator[Seen]:
    """A column in a function, a cast or a sum, compared with a constant: no index on the column itself serves it."""
    for side, other in _sides(pieces, start, end):
        side = unwrapped(pieces, *side)
        is_fixed = is_constant(pieces, *other) and pieces.words[other[0]] != "null"
        sight = _hides(pieces, *side) if is_fixed else None
        if sight:
            column = columns(pieces, *side)[0]
            if _is_computed(query, column.qualifier):
                return
            relation = relation_of(query, column.qualifier)
            yield Seen(sight, *side, (pieces.raw(column.start, column.end), relation), reads=_read(relation, column))
            return


def _sides(pieces: Pieces, start: int, end: int) -> Iterator[tuple[Range, Range]]:
    compared = comparison(pieces, start, end)
    if compared:
        left, _, right = compared
        if pieces.words[right[0]] not in ("any", "all", "some"):
            yield left, right
            yield right, left
        elif pieces.words[right[0]] == "any":
            yield left, (right[0] + 1, right[1])
        return
    for place in pieces.level(start, end):
        if pieces.words[place] in ("between", "in") and pieces.words[place - 1] != "not":
            yield (start, place), (place + 1, end)
            return


def _hides(pieces: Pieces, start: int, end: int) -> Sight | None:
    has_query = any(pieces.words[place] in _QUERY_WORDS for place in range(start, end))
    named = [] if has_query else columns(pieces, start, end)
    if len(named) != 1:
        return None
    opens = pieces.partner[end - 1] if pieces.words[end - 1] == ")" else -1
    if opens > start and pieces.is_name(start) and _is_name(pieces, start, opens):
        if pieces.words[start] == "cast":
            inside = [place for place in range(opens, end) if pieces.words[place] == "as"]
            return Sight.CAST_OF_COLUMN if inside and is_bare_column(pieces, opens + 1, inside[0]) else None
        return None if pieces.words[start] in _NO_FUNCTION else Sight.FUNCTION_ON_COLUMN
    for place in pieces.level(start, end):
        if pieces.words[place] == CAST and is_bare_column(pieces, start, place):
            return Sight.CAST_OF_COLUMN
        if pieces.words[place] in _ARITHMETIC and pieces.kinds[place] == OPERATOR and start < place < end - 1:
            sides = ((start, place), (place + 1, end))
            if any(is_bare_column(pieces, *side) for side in sides) and any(is_constant(pieces, *side) for side in sides):
                return Sight.ARITHMETIC_ON_COLUMN
            return None
    return None


def _is_name(pieces: Pieces, start: int, end: int) -> bool:
    return all(
        pieces.is_name(place) if (place - start) % 2 == 0 else pieces.words[place] == "." for place in range(start, end)
    )


def _or_in_filter(pieces: Pieces, query: Query) -> Iterator[Seen]:
    if "where" not in query.clauses or not any(source.kind == "relation" for source in query.sources):
        return
    start, end = query.clauses["where"]
    if len(conjuncts(pieces, start, end)) != 1:
        return
    named = []
    for term in disjuncts(pieces, start, end):
        has_query = any(pieces.words[place] in _QUERY_WORDS for place in range(*term))
        found = [] if has_query else columns(pieces, *term)
        if len(found) != 1:
            return
        named += found
    if len({column.name for column in named}) > 1 and len({column.qualifier for column in named}) == 1:
        if named[0].qualifier or len(query.sources) == 1:
            names = tuple(dict.fromkeys(pieces.raw(column.start, column.end) for column in named))
            relation = relation_of(query, named[0].qualifier)
            yield Seen(Sight.OR_IN_FILTER, start, end, names, reads=_read(relation, *named))


def _or_in_join(pieces: Pieces, query: Query) -> Iterator[Seen]:
    for start, end in query.joins:
        terms = disjuncts(pieces, start, end)
        if len(terms) < 2 or len(conjuncts(pieces, start, end)) != 1:
            continue
        linking = [term for term in terms if len({column.qualifier for column in columns(pieces, *term)} - {""}) > 1]
        if len(linking) == len(terms):
            yield Seen(Sight.OR_IN_JOIN, start, end, tuple(pieces.raw(*term) for term in terms))


def _not_in(pieces: Pieces, query: Query) -> Iterator[Seen]:
    words, opens = pieces.words, query.start - 1
    if query.role is not Role.IN or opens < 2:
        return
    is_not_in = words[opens - 1] == "in" and words[opens - 2] == "not"
    is_unequal_all = words[opens - 1] == "all" and words[opens - 2] in ("<>", "!=")
    if not (is_not_in or is_unequal_all):
        return
    selected = query.clauses.get("select")
    if selected and _is_never_null(pieces, query, *selected):
        return
    column = _listed_column(pieces, *selected) if selected and len(query.sources) == 1 else None
    names = (column.name, relation_of(query, column.qualifier)) if column else ("", "")
    reads = _read(names[1], column) if column and not _makes_nulls(pieces, query) else ()
    item = pieces.raw(*selected) if selected else ""
    yield Seen(Sight.NOT_IN_SUBQUERY, opens - 2, query.end + 1, (item, *names), reads=reads)


def _listed_column(pieces: Pieces, start: int, end: int) -> Reference | None:
    """The column that a select list is, where it is one and nothing else."""
    return is_bare_column(pieces, start + (pieces.words[start] == "distinct"), end)


def _makes_nulls(pieces: Pieces, query: Query) -> bool:
    """Whether GROUP BY adds rows in which a column is NULL that never is."""
    return bool(_GROUPING_SETS & set(pieces.words[slice(*query.clauses.get("group", (0, 0)))]))


def _is_never_null(pieces: Pieces, query: Query, start: int, end: int) -> bool:
    """Whether a select list of one value is never NULL by the text alone: a literal, a count, or tested in WHERE."""
    start += pieces.words[start] == "distinct"
    if end - start == 1 and pieces.kinds[start] in (STRING, NUMBER):
        return True
    if pieces.words[start] in ("count", "exists") and pieces.words[start + 1 : start + 2] == ["("]:
        return True
    if pieces.words[start] == "coalesce":
        return pieces.kinds[end - 2] in (STRING, NUMBER)
    column = is_bare_column(pieces, start, end)
    if column is None or "where" not in query.clauses:
        return False
    return any(_excludes_null(pieces, column.name, *term) for term in conjuncts(pieces, *query.clauses["where"]))


def _excludes_null(pieces: Pieces, name: str, start: int, end: int) -> bool:
    """Whether a condition is not true for a column that is NULL: IS NOT NULL, or a comparison of it."""
    start, end = unwrapped(pieces, start, end)
    if pieces.words[end - 3 : end] == ["is", "not", "null"]:
        column = is_bare_column(pieces, start, end - 3)
        return column is not None and column.name == name
    compared = comparison(pieces, start, end)
    sides = (compared[0], compared[2]) if compared else ()
    return any((column := is_bare_column(pieces, *side)) and column.name == name for side in sides)


def _count_for_existence(pieces: Pieces, query: Query) -> Iterator[Seen]:
    is_of_rows = any(source.kind != "function" for source in query.sources)
    if query.verb != "select" or not is_of_rows or {"group", "having", "limit", "offset"} & set(query.clauses):
        return
    for start, end in split(pieces, *query.clauses["select"], ","):
        compared = _compared_with_zero(pieces, start, end)
        if compared and _is_count(pieces, *compared[0]):
            yield Seen(Sight.COUNT_FOR_EXISTENCE, compared[0][0], compared[1], (compared[2],))
            return
    if query.role is not Role.VALUE or query.start < 1 or not _is_count(pieces, *query.clauses["select"]):
        return
    opens, close = query.start - 1, query.end
    for first, operator, number, mirrored in (
        (opens, close + 1, close + 2, False),
        (opens - 2, opens - 1, opens - 2, True),
    ):
        if _is_test(pieces, operator, number, mirrored):
            yield Seen(Sight.COUNT_FOR_EXISTENCE, first, max(close, number) + 1, (_said(pieces, operator, number, mirrored),))
            return


def _compared_with_zero(pieces: Pieces, start: int, end: int) -> tuple[Range, int, str] | None:
    for place in pieces.level(start, end):
        if pieces.kinds[place] == OPERATOR and _is_test(pieces, place, place + 1, False):
            return (start, place), place + 2, _said(pieces, place, place + 1, False)
    return None


def _is_test(pieces: Pieces, operator: int, number: int, mirrored: bool) -> bool:
    if min(operator, number) < 0 or max(operator, number) >= len(pieces):
        return False
    if pieces.kinds[operator] != OPERATOR or pieces.kinds[number] != NUMBER:
        return False
    after = number + 1
    if not mirrored and after < len(pieces) and pieces.kinds[after] == OPERATOR and pieces.words[after] in _ARITHMETIC:
        return False
    word = pieces.words[operator]
    word = _MIRRORED.get(word, word) if mirrored else word
    return (word, pieces.raw(number, number + 1)) in _EXISTENCE


def _said(pieces: Pieces, operator: int, number: int, mirrored: bool) -> str:
    """EXISTS or NOT EXISTS, whichever the comparison of a count means."""
    word = pieces.words[operator]
    word = _MIRRORED.get(word, word) if mirrored else word
    return "NOT EXISTS" if word in ("=", "<") else "EXISTS"


def _is_count(pieces: Pieces, start: int, end: int) -> bool:
    start, end = unwrapped(pieces, start, end)
    if pieces.words[start : start + 2] != ["count", "("]:
        return False
    after = pieces.partner[start + 1] + 1
    return after == end or after + 2 == end and pieces.words[after] == "as" or after + 1 == end and pieces.is_name(after)


def _assignments(query: Query) -> Iterator[Range]:
    """Where = is an assignment."""
    if query.verb == "update":
        yield query.clauses["set"]
    elif query.verb == "insert":
        yield query.clauses["conflict"]
    elif query.verb == "merge":
        yield query.start, query.end


def _start_of_operand(pieces: Pieces, place: int) -> int:
    """Where the operand begins that stands before an operator: `t.a`, `f(x)`, a literal."""
    first = place - 1
    if pieces.words[first] in (")", "]"):
        first = pieces.partner[first]
        if first and pieces.is_name(first - 1) and pieces.words[first - 1] not in ("where", "and", "or", "not", "on"):
            first -= 1
    while first >= 2 and pieces.words[first - 1] in (".", CAST):
        first -= 2
    return max(first, 0)


def _end_of_operand(pieces: Pieces, place: int) -> int:
    """Behind the operand that begins at a place: `t.a`, `f(x)`, a literal."""
    while place + 2 < len(pieces) and pieces.words[place + 1] == ".":
        place += 2
    if place + 1 < len(pieces) and pieces.words[place + 1] == "(":
        place = pieces.partner[place + 1]
    return place + 1
