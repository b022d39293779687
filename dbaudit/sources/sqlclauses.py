"""The queries of a statement and their clauses. Tokens are enough for that, and tell exact places."""

from __future__ import annotations

from collections.abc import Iterator

from dbaudit.sources.sqlfrom import read_from
from dbaudit.sources.sqlpieces import NotRead, Pieces
from dbaudit.sources.sqlquery import (
    QUERY_WORDS,
    Cte,
    Query,
    Role,
    after_name,
    is_keyword,
    is_query,
    names_of,
    set_operations,
)

_DML = frozenset(["insert", "update", "delete", "merge"])
# RETURNING stands in JSON_ARRAY(SELECT … RETURNING type).
_SELECT_CLAUSES = frozenset("into from where group having window order limit offset fetch for returning".split())
_TAIL = ("order", "limit", "offset", "fetch", "for")
_ROLE_OF = {"exists": Role.EXISTS, "in": Role.IN, "any": Role.IN, "some": Role.IN, "all": Role.IN}


def queries(pieces: Pieces, start: int = 0) -> list[Query]:
    """All queries of a statement that begins at a place, the outer ones first. Raises NotRead."""
    reader = _Reader(pieces)
    reader.read(start, len(pieces), Role.TOP)
    for place, word in enumerate(pieces.words):
        if word != "(" or place < start or place in reader.done:
            continue
        role = reader.roles.get(place) or reader.role_before(place)
        reader.roles[place] = role
        if reader.holds_query(place, role):
            reader.read(place + 1, pieces.partner[place], role)
    _tell_parents(reader.found)
    _tell_ctes(pieces, reader.found)
    return reader.found


def _tell_parents(found: list[Query]) -> None:
    around: list[Query] = []
    for query in sorted(found, key=lambda query: (query.start, -query.end)):
        while around and around[-1].end < query.end:
            around.pop()
        query.parent = around[-1] if around else None
        around.append(query)


def _tell_ctes(pieces: Pieces, found: list[Query]) -> None:
    """What is called as a WITH query in whose reach it stands is no relation; what INSERT and its kin change always is."""
    if not any(query.ctes for query in found):
        return
    for query in found:
        sources = query.sources[1:] if query.verb in ("update", "delete", "merge") else query.sources
        for source in sources:
            names = names_of(pieces, source.start) if source.kind == "relation" else ()
            if len(names) == 1 and names[0] in _ctes_in_reach(pieces, query, source.start):
                source.kind = "query"


def _ctes_in_reach(pieces: Pieces, query: Query | None, place: int) -> Iterator[str]:
    """The WITH queries that a name at a place can mean: the own one only if RECURSIVE, and none that come later."""
    while query is not None:
        last = pieces.partner[query.ctes[-1].opens] if query.ctes else 0
        for cte in query.ctes:
            if cte.is_recursive or place > last or place > pieces.partner[cte.opens]:
                yield cte.name
        query = query.parent


class _Reader:
    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        self.found: list[Query] = []
        self.roles: dict[int, Role] = {}
        self.recursive: set[int] = set()
        self.done: set[int] = set()

    def role_before(self, place: int) -> Role:
        word = self.pieces.words[place - 1] if place else ""
        if word == "(":
            return self.roles.get(place - 1, Role.VALUE)
        return _ROLE_OF.get(word, Role.VALUE)

    def holds_query(self, opens: int, role: Role) -> bool:
        """Whether a query stands in brackets; one that changes rows is WITH's or COPY's."""
        words, start, end = self.pieces.words, opens + 1, self.pieces.partner[opens]
        is_change = words[start] in _DML and (role is Role.CTE or opens > 0 and words[opens - 1] == "copy")
        return is_change or is_query(self.pieces, start, end)

    def read(self, start: int, end: int, role: Role) -> None:
        words = self.pieces.words
        opens = start - 1
        ctes, body = self.with_queries(start, end) if start < end and words[start] == "with" else ([], start)
        if body >= end:
            raise NotRead("its syntax is not understood")
        verb = words[body]
        query = Query(verb=verb, role=role, start=start, end=end, ctes=ctes, is_recursive=opens in self.recursive)
        query.keywords["verb"] = body
        self.found.append(query)
        if verb in ("select", "values", "table", "("):
            self.read_query(query, body, end)
        elif verb == "insert":
            self.read_insert(query, body, end)
        elif verb in ("update", "delete"):
            self.read_change(query, body, end)
        elif verb == "merge":
            self.read_merge(query, body, end)
        elif role is Role.TOP and not ctes:
            self.found.pop()
        else:
            raise NotRead("its syntax is not understood")

    def with_queries(self, start: int, end: int) -> tuple[list[Cte], int]:
        pieces, words = self.pieces, self.pieces.words
        is_recursive = words[start + 1 : start + 2] == ["recursive"]
        place = start + 1 + is_recursive
        ctes: list[Cte] = []
        while True:
            named = place
            place += 1
            if place < end and words[place] == "(":
                place = pieces.partner[place] + 1
            if not pieces.is_name(named) or place >= end or words[place] != "as":
                raise NotRead("its WITH clause is not understood")
            place += 1
            while place < end and words[place] in ("not", "materialized"):
                place += 1
            if place >= end or words[place] != "(":
                raise NotRead("its WITH clause is not understood")
            is_query = words[place + 1] not in _DML
            ctes.append(
                Cte(name=pieces.name(named), place=named, opens=place, is_recursive=is_recursive, is_query=is_query)
            )
            self.roles[place] = Role.CTE
            if is_recursive:
                self.recursive.add(place)
            place = self.after_cte(pieces.partner[place] + 1, end)
            if place < end and words[place] == ",":
                place += 1
                continue
            return ctes, place

    def after_cte(self, place: int, end: int) -> int:
        """Past SEARCH and CYCLE, which may follow the body of a recursive query."""
        words = self.pieces.words
        if place < end and words[place] in ("search", "cycle"):
            for place in self.pieces.level(place, end):
                if words[place] in QUERY_WORDS or words[place] in _DML:
                    break
        return place

    def read_query(self, query: Query, start: int, end: int) -> None:
        words = self.pieces.words
        operations = set_operations(self.pieces, start, end)
        if not operations:
            if words[start] == "(":
                self.roles[start] = query.role
                self.recursive |= {start} if query.is_recursive else set()
                query.verb = "parentheses"
                self.take_clauses(query, self.pieces.partner[start] + 1, end, frozenset(_TAIL))
            elif words[start] == "select":
                self.read_select(query, start, end)
            return
        query.verb = "union"
        query.is_distinct_union = all(
            words[place] == "union" and words[place + 1 : place + 2] != ["all"] for place in operations
        )
        begins = start
        for place in [*operations, end]:
            last = place == end
            branch_end = self.tail_of(query, begins, end) if last else place
            if begins >= branch_end:
                raise NotRead("its syntax is not understood")
            query.branches.append((begins, branch_end))
            if words[begins] == "(":
                self.roles[begins] = Role.BRANCH
            elif words[begins] == "select":
                branch = Query(verb="select", role=Role.BRANCH, start=begins, end=branch_end, is_recursive=query.is_recursive)
                self.found.append(branch)
                self.read_select(branch, begins, branch_end)
            begins = place + 1
            begins += begins < end and words[begins] in ("all", "distinct")
        query.keywords["union"] = operations[0]

    def tail_of(self, query: Query, start: int, end: int) -> int:
        """Where the last branch ends: ORDER BY, LIMIT and the like behind it are those of the whole."""
        for place in self.pieces.level(start, end):
            if self.pieces.words[place] in _TAIL and is_keyword(self.pieces, place):
                self.take_clauses(query, place, end, frozenset(_TAIL))
                return place
        return end

    def take_clauses(self, query: Query, start: int, end: int, known: frozenset[str]) -> None:
        words = self.pieces.words
        begins: list[tuple[str, int]] = []
        for place in self.pieces.level(start, end):
            word = words[place]
            if word == "select" and place > start and is_keyword(self.pieces, place):
                raise NotRead("a second query begins in it, without a semicolon before it")
            if word in known and is_keyword(self.pieces, place) and not self.is_part_of_another(place, word, begins):
                begins.append((word, place))
        for number, (word, place) in enumerate(begins):
            stop = begins[number + 1][1] if number + 1 < len(begins) else end
            first = place + 1 + (words[place + 1 : place + 2] == ["by"])
            if word in query.clauses and word != "for":
                raise NotRead(f"{word.upper()} stands in it twice")
            if first >= stop and word != "for":
                raise NotRead(f"its {word.upper()} clause is empty")
            query.clauses[word], query.keywords[word] = (first, stop), place

    def first_clause(self, query: Query, start: int, end: int) -> int:
        """Where the first clause begins behind a place, or the end."""
        return min((place for place in query.keywords.values() if place > start), default=end)

    def is_part_of_another(self, place: int, word: str, begins: list[tuple[str, int]]) -> bool:
        """Whether a word is that of IS DISTINCT FROM, ROWS FROM, WITHIN GROUP, or JOIN … USING, and no clause's."""
        before = self.pieces.words[place - 1]
        if word == "from":
            is_operator = before == "distinct" and self.pieces.words[place - 2] in ("is", "not")
            return is_operator or before == "rows" and any(clause == word for clause, _ in begins)
        if word == "using":
            return any(clause == word for clause, _ in begins)
        return word == "group" and before == "within"

    def read_select(self, query: Query, start: int, end: int) -> None:
        self.take_clauses(query, start, end, _SELECT_CLAUSES)
        first = self.first_clause(query, start, end)
        query.clauses["select"], query.keywords["select"] = (start + 1, first), start
        if "from" in query.clauses:
            self.read_from(query, *query.clauses["from"])

    def read_insert(self, query: Query, start: int, end: int) -> None:
        pieces, words = self.pieces, self.pieces.words
        if words[start + 1 : start + 2] != ["into"]:
            raise NotRead("its syntax is not understood")
        place = named = start + 2
        place = after_name(pieces, place)
        query.clauses["target"] = (named, place)
        if place < end and words[place] == "as":
            place += 2
        if place < end and words[place] == "(" and not is_query(pieces, place + 1, pieces.partner[place]):
            query.clauses["columns"] = (place + 1, pieces.partner[place])
            place = pieces.partner[place] + 1
        if words[place : place + 1] == ["overriding"]:
            place += 3
        stop = end
        for other in pieces.level(place, end):
            is_conflict = words[other] == "on" and words[other + 1 : other + 2] == ["conflict"]
            if is_conflict or words[other] == "returning" and is_keyword(self.pieces, other):
                stop = other
                break
        query.clauses["conflict"] = (stop, end)
        query.clauses["body"] = (place, stop)
        if place < stop and words[place] in ("select", "with", "table", "("):
            if words[place] == "(":
                self.done.add(place)
                self.read(place + 1, pieces.partner[place], Role.INSERT)
            else:
                self.read(place, stop, Role.INSERT)

    def read_change(self, query: Query, start: int, end: int) -> None:
        words = self.pieces.words
        is_update = query.verb == "update"
        first = start + 1 + (not is_update and words[start + 1 : start + 2] == ["from"])
        known = frozenset(["set", "from", "where", "returning"] if is_update else ["using", "where", "returning"])
        self.take_clauses(query, first, end, known)
        if is_update and "set" not in query.clauses:
            raise NotRead("its syntax is not understood")
        self.read_from(query, first, self.first_clause(query, first, end))
        more = query.clauses.get("from" if is_update else "using")
        if more:
            self.read_from(query, *more)

    def read_merge(self, query: Query, start: int, end: int) -> None:
        words = self.pieces.words
        using = when = 0
        for place in self.pieces.level(start, end):
            using = using or place * (words[place] == "using")
            if words[place] == "when" and words[place + 1 : place + 2] in (["matched"], ["not"]):
                when = place
                break
        if words[start + 1 : start + 2] != ["into"] or not start < using < when:
            raise NotRead("its syntax is not understood")
        self.read_from(query, start + 2, using)
        self.read_from(query, using + 1, when)

    def read_from(self, query: Query, start: int, end: int) -> None:
        for opens in read_from(self.pieces, query, start, end):
            self.roles[opens] = Role.FROM
