"""The statements in the body of a function or procedure in SQL, with their places in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbaudit.facts.statement import Kind, Statement
from dbaudit.finding import Span
from dbaudit.sources.sqlfile import split
from dbaudit.sources.sqllex import PARAMETER, PUNCTUATION, QUOTED, STRING, WORD, Token, fold, significant

ROUTINES = ("CREATE FUNCTION", "CREATE PROCEDURE")
_MODES = frozenset(["in", "out", "inout", "variadic"])
_IN_NAME = frozenset([".", ":"])
_BEFORE_RELATION = frozenset(["from", "join", "into", "update", "only"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the body of a routine holds. `arguments` are the names of its arguments, folded; `returns` is the type that it
    returns, or a set of, as it is written."""

    statements: tuple[Statement, ...]
    arguments: frozenset[str]
    returns: str


def body(statement: Statement) -> Body | None:
    """The body of a routine in SQL: a string in dollars or in plain quotes, or BEGIN ATOMIC … END; None of any other.

    Its statements are called as the routine is, where no comment gives them a name.
    """
    routine = _Routine(statement.text)
    extent = routine.extent()
    if extent is None:
        return None
    start, end = extent
    found = split(statement.text[start:end], statement.span.path)
    origin = statement.extent(start, start)
    return Body(
        statements=tuple(_placed(one, origin, one.name or routine.name) for one in found if _is_query(one)),
        arguments=routine.arguments(),
        returns=routine.returns(),
    )


def _is_query(statement: Statement) -> bool:
    return statement.kind is Kind.SQL and statement.command != "RETURN"


def with_arguments(text: str, found: Sequence[Token], arguments: frozenset[str]) -> list[Token]:
    """The tokens of a statement of a body, in which a word that names an argument is a parameter."""
    result = list(found)
    for place, token in enumerate(found):
        if token.kind != WORD or fold(text[token.start : token.end]) not in arguments:
            continue
        before = _word(text, found, place - 1)
        if before not in (".", "as") and before not in _BEFORE_RELATION and _word(text, found, place + 1) not in (".", "("):
            result[place] = Token(PARAMETER, token.start, token.end)
    return result


def _placed(statement: Statement, origin: Span, name: str) -> Statement:
    span = statement.span
    shift = origin.column - 1
    moved = replace(
        span,
        line=origin.line + span.line - 1,
        column=span.column + shift * (span.line == 1),
        end_line=origin.line + span.end_line - 1,
        end_column=span.end_column + shift * (span.end_line == 1),
    )
    return replace(statement, span=moved, name=name, identity=name)


def _word(text: str, found: Sequence[Token], place: int) -> str:
    if not 0 <= place < len(found) or found[place].kind in (STRING, QUOTED):
        return ""
    return fold(text[found[place].start : found[place].end])


class _Routine:
    """The tokens of CREATE FUNCTION or PROCEDURE, and those of its clauses, which stand in no brackets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = significant(text)
        self.opens = next((place for place in range(len(self.found)) if self.word(place) == "("), len(self.found))
        self.name = text[self.found[self.named()].start : self.found[self.opens - 1].end] if self.opens > 2 else ""
        self.clauses = self.outside()

    def word(self, place: int) -> str:
        return _word(self.text, self.found, place)

    def named(self) -> int:
        return next((place + 1 for place in range(self.opens) if self.word(place) in ("function", "procedure")), 0)

    def outside(self) -> dict[str, int]:
        """Where the words that begin a clause stand, each at its first place; nothing behind BEGIN ATOMIC is one."""
        places: dict[str, int] = {}
        depth = 0
        for place, token in enumerate(self.found):
            word = self.word(place)
            if token.kind == PUNCTUATION:
                depth += {"(": 1, ")": -1}.get(word, 0)
            elif not depth and place > self.opens and token.kind == WORD:
                places.setdefault(word, place)
                if word == "atomic":
                    break
        return places

    def extent(self) -> tuple[int, int] | None:
        """From where to where in the text the statements of the body stand."""
        if "atomic" in self.clauses:
            place = self.clauses["atomic"]
            is_closed = self.word(len(self.found) - 1) == "end"
            end = self.found[-1].start if is_closed else len(self.text)
            return self.found[place].end, end
        if "as" not in self.clauses or self.language() != "sql" or self.clauses["as"] + 1 >= len(self.found):
            return None
        string = self.found[self.clauses["as"] + 1]
        written = self.text[string.start : string.end]
        if string.kind == STRING and written.startswith("$"):
            tag = written.index("$", 1) + 1
            return (string.start + tag, string.end - tag) if written.endswith(written[:tag], tag) else None
        is_plain = string.kind == STRING and written[0] == "'" and written.count("'") == 2
        return (string.start + 1, string.end - 1) if is_plain else None

    def language(self) -> str:
        place = self.clauses.get("language", len(self.found)) + 1
        if place >= len(self.found):
            return ""
        token = self.found[place]
        return self.word(place) or self.text[token.start : token.end].strip("'\"")

    def returns(self) -> str:
        place = self.clauses.get("returns", len(self.found)) + 1
        place += self.word(place) == "setof"
        end = place
        # A colon begins a variable of psql.
        while end < len(self.found) and (end == place or self.word(end) in _IN_NAME or self.word(end - 1) in _IN_NAME):
            end += 1
        return self.text[self.found[place].start : self.found[end - 1].end] if place < len(self.found) else ""

    def arguments(self) -> frozenset[str]:
        """The names of the arguments: each stands before a type, which is another word."""
        names: set[str] = set()
        depth, is_first = 0, False
        for place in range(self.opens, len(self.found)):
            word, token = self.word(place), self.found[place]
            if word in ("(", ")"):
                depth += 1 if word == "(" else -1
                is_first = depth == 1
                if not depth:
                    break
            elif depth == 1 and word == ",":
                is_first = True
            elif is_first and word not in _MODES:
                if token.kind == WORD and self.found[place + 1].kind in (WORD, QUOTED):
                    names.add(word)
                is_first = False
        return frozenset(names)
