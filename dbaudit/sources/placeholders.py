"""Placeholders as programs write them, to PostgreSQL's own $1.

Known are $1, %s, %(name)s, :name, :1, :'name' (psql), ?, @name and sqlc.arg(name). A placeholder is an operand: it
stands at the start, behind an operator, a comma, an opening bracket or a keyword that an expression follows. Behind an
operand the same signs are PostgreSQL's operators (% and the ? of jsonb), a slice or a cast, and are left alone. The
rules for what could be either:

- Behind a keyword that may also be a column's name (BY, SET, DATE, …), where an operator is glued to it (=?, =%s, =@x),
  and for :name in a subscript, PostgreSQL is asked about the text as it is written first.
- @name is a parameter, as sqlc and pgx read it; the absolute value has a space, a call, a number or a dot: @ x, @f.x.
- Two signs are one where drivers double them: %% beside %s, and ?? beside ?.

Where a placeholder stands for a name (FROM :table), or braces stand outside of literals, the text is a template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dbaudit.facts.statement import Edit
from dbaudit.sources.sqllex import (
    NUMBER,
    OPERATOR,
    PARAMETER,
    PUNCTUATION,
    QUOTED,
    STRING,
    WORD,
    Token,
    fold,
    significant,
)

_ANY = re.compile(r"[$%:?@{}]|\bsqlc\b", re.IGNORECASE)
PLANNABLE = frozenset("select values table with insert update delete merge".split())
# Reserved words that an expression follows, and others that may also be names.
_BEFORE_OPERAND = frozenset(
    "all and any array asymmetric both case distinct else except for from having ilike in intersect into join leading "
    "like limit not offset on or placing returning select similar some symmetric table then to trailing union update "
    "using when where".split()
)
_MAY_BE_NAME = frozenset("between by escape first last next set values over like_regex rows range".split())
_TYPES = frozenset("interval date time timestamp timestamptz timetz".split())
_BEFORE_NAME = frozenset("join into update table".split())
_WITH_FROM = frozenset("extract substring trim overlay".split())
_OPERATORS = frozenset(
    "= < > <= >= <> != + - * / % ^ || | & ~ ~* !~ !~* ~~ ~~* !~~ !~~* -> ->> #> #>> @> <@ && << >> @@".split()
)
_SQLC = frozenset(["arg", "narg", "slice"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What stands for parameters in a text, as facts.Statement has it."""

    parameters: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    is_ambiguous: bool = False
    reason_not_sql: str = ""


def read(text: str, tokens: Sequence[Token] = (), start: int = 0) -> Reading:
    """The placeholders of one statement, without semicolon. Literals and comments have none. Never raises.

    `tokens` are its tokens without space and comments, where they are known, in a text in which it begins at `start`.
    """
    if not _ANY.search(text):
        return Reading()
    found = [Token(token.kind, token.start - start, token.end - start) for token in tokens] or significant(text)
    for token in found:
        if token.kind == PUNCTUATION and text[token.start] in "{}":
            return Reading(reason_not_sql="is a template, with braces outside of literals: render it to SQL first")
    scan = _Scan(text=text, found=found)
    if not scan.is_plannable():
        return Reading()
    scan.run()
    if scan.reason:
        return Reading(reason_not_sql=scan.reason)
    edits = sorted(scan.edits + scan.doubled(), key=lambda edit: edit.start)
    return Reading(parameters=tuple(scan.names), edits=tuple(edits), is_ambiguous=scan.is_ambiguous and bool(edits))


@dataclass(slots=True)
class _Scan:
    """One pass over the tokens. `openers` are the words before the open brackets, "[" for that of a subscript."""

    text: str
    found: Sequence[Token]
    names: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    styles: set[str] = field(default_factory=set)
    openers: list[str] = field(default_factory=list)
    is_ambiguous: bool = False
    reason: str = ""

    def is_plannable(self) -> bool:
        first = next((place for place in range(len(self.found)) if self.word(place) != "("), 0)
        return self.word(first) in PLANNABLE

    def word(self, place: int) -> str:
        """A word folded, other tokens as they are written; empty outside of the text and for literals."""
        if not 0 <= place < len(self.found):
            return ""
        token = self.found[place]
        if token.kind in (STRING, QUOTED):
            return ""
        raw = self.text[token.start : token.end]
        return fold(raw) if token.kind == WORD else raw

    def kind(self, place: int) -> str:
        return self.found[place].kind if 0 <= place < len(self.found) else ""

    def touches(self, place: int) -> bool:
        """Whether nothing stands between this token and the one before it."""
        return 0 < place < len(self.found) and self.found[place - 1].end == self.found[place].start

    def run(self) -> None:
        numbers = [int(self.word(place)[1:]) for place in range(len(self.found)) if self.kind(place) == PARAMETER]
        # A number that no server takes reserves none.
        highest = max((number for number in numbers if number <= 65535), default=0)
        self.names = [str(number) for number in range(1, highest + 1)]
        place = operand = 0
        after_operand = False
        while place < len(self.found) and not self.reason:
            end = self.placeholder(place, after_operand)
            if end:
                after_operand, operand = True, end
            else:
                self.bracket(place, after_operand)
                after_operand = self.ends_operand(place)
                operand = place + 1
            place = operand

    def bracket(self, place: int, after_operand: bool) -> None:
        sign = self.word(place) if self.kind(place) == PUNCTUATION else ""
        if sign in ("(", "["):
            self.openers.append("[" if sign == "[" and after_operand else self.word(place - 1))
        elif sign in (")", "]") and self.openers:
            self.openers.pop()

    def ends_operand(self, place: int) -> bool:
        kind, word = self.kind(place), self.word(place)
        if kind == WORD:
            return word not in _BEFORE_OPERAND
        return kind not in (OPERATOR, PUNCTUATION) or word in (")", "]")

    def placeholder(self, place: int, after_operand: bool) -> int:
        """The place behind the placeholder that begins here, or 0."""
        token, kind = self.found[place], self.kind(place)
        before = self.word(place - 1)
        may_be_name = after_operand and self.kind(place - 1) == WORD and before in _MAY_BE_NAME | _TYPES
        if kind == PARAMETER:
            if before in _TYPES and self.kind(place - 1) == WORD or before == "(":
                self.put(place, place + 1, token.start, int(self.word(place)[1:]) if len(self.word(place)) < 7 else 0)
            return place + 1
        if before == "." and self.touches(place) and kind == PUNCTUATION and self.word(place) == ":":
            self.reason = "is a template: a placeholder stands for a name"
            return 0
        if kind == OPERATOR:
            return self.operator(place, after_operand, may_be_name)
        if after_operand and not may_be_name:
            return 0
        if kind == PUNCTUATION and self.word(place) == ":" and not (before == ":" and self.touches(place)):
            return self.colon(place, may_be_name)
        if kind == WORD and self.word(place) == "sqlc":
            return self.sqlc(place)
        return 0

    def operator(self, place: int, after_operand: bool, may_be_name: bool) -> int:
        """A placeholder that begins with an operator's sign, perhaps glued to an operator before or behind it."""
        raw, start = self.word(place), self.found[place].start
        if after_operand and not may_be_name:
            if raw[:-1] not in _OPERATORS or raw[-1] not in "?%@" or raw in _OPERATORS or raw == "@?":
                return 0
            start, raw, is_glued = self.found[place].end - 1, raw[-1], True
        else:
            is_glued = False
        if may_be_name and raw == "?" and self.begins_operand(place + 1):
            return 0
        end = self.sign(place, raw)
        if end is None:
            return 0
        name, style, rest = end
        behind = place + self.length(place, raw)
        self.is_ambiguous = self.is_ambiguous or is_glued or may_be_name or rest > 0
        self.add(place, behind, start, name, style, cut=rest)
        # An operator that is glued behind it awaits an operand.
        return rest and behind < len(self.found) and self.placeholder(behind, False) or behind

    def length(self, place: int, raw: str) -> int:
        if raw == "%" and self.word(place + 1) == "(":
            return 5
        return 2 if raw in ("%", "@") else 1

    def sign(self, place: int, raw: str) -> tuple[str, str, int] | None:
        """Name, style, and how many characters of the token do not belong to it."""
        follows = self.touches(place + 1)
        if raw == "?":
            return "", "?", 0
        if raw[0] == "?" and raw[1:] in _OPERATORS:
            return "", "?", len(raw) - 1
        if not follows:
            return None
        if raw == "%" and self.text[self.found[place + 1].start : self.found[place + 1].end] in ("s", "b", "t"):
            return "", "%", 0
        if raw == "%" and self.word(place + 1) == "(" and self.kind(place + 2) in (WORD, NUMBER):
            if self.word(place + 3) == ")" and self.word(place + 4) in ("s", "b", "t"):
                if all(map(self.touches, range(place + 2, place + 5))):
                    return self.raw(place + 2), "%", 0
        if raw == "@" and self.kind(place + 1) == WORD and self.word(place + 2) not in (".", "("):
            return self.raw(place + 1), "@", 0
        return None

    def begins_operand(self, place: int) -> bool:
        return self.kind(place) in (STRING, NUMBER, QUOTED, PARAMETER) or self.word(place) in ("(", "?")

    def colon(self, place: int, may_be_name: bool) -> int:
        if not self.touches(place + 1) or self.word(place + 1) == ":":
            return 0
        kind, in_subscript = self.kind(place + 1), self.openers[-1:] == ["["]
        raw = self.raw(place + 1)
        if in_subscript and kind != WORD:
            return 0
        if kind == QUOTED and raw.startswith('"'):
            self.reason = f"has the psql variable :{raw} for a name: put the name in its place"
            return 0
        is_psql = kind == STRING and raw.startswith("'") and raw.count("'") == 2 and len(raw) > 2
        if kind != WORD and not is_psql and not (kind == NUMBER and raw.isdigit()):
            return 0
        self.is_ambiguous = self.is_ambiguous or in_subscript or may_be_name
        self.add(place, place + 2, self.found[place].start, raw.strip("'"), ":")
        return place + 2

    def sqlc(self, place: int) -> int:
        if self.word(place + 1) != "." or self.word(place + 3) != "(" or self.word(place + 5) != ")":
            return 0
        if self.word(place + 2) not in _SQLC or self.kind(place + 4) not in (WORD, STRING):
            return 0
        self.add(place, place + 6, self.found[place].start, self.raw(place + 4).strip("'"), "sqlc")
        return place + 6

    def raw(self, place: int) -> str:
        token = self.found[place]
        return self.text[token.start : token.end]

    def add(self, place: int, end: int, start: int, name: str, style: str, cut: int = 0) -> None:
        """Gives the placeholder of these tokens its number; a name that came before keeps its own."""
        self.styles.add(style)
        before = self.word(place - 1) if self.kind(place - 1) == WORD else ""
        if before in _BEFORE_NAME or before == "from" and not self.is_operand_of_from(place):
            self.reason = f"is a template: {self.text[start : self.found[end - 1].end - cut]} stands for a name"
            return
        number = self.numbers.get(name, 0)
        if not number:
            number = len(self.names) + 1
            self.names.append(name or str(number))
            if name:
                self.numbers[name] = number
        self.put(place, end, start, number, cut)

    def is_operand_of_from(self, place: int) -> bool:
        return self.word(place - 2) == "distinct" or self.openers[-1:] and self.openers[-1] in _WITH_FROM

    def put(self, place: int, end: int, start: int, number: int, cut: int = 0) -> None:
        """Writes $n, in forms that can be prepared: `interval $1` cannot, nor can `extract($1 from x)`."""
        stop, new = self.found[end - 1].end - cut, f"${number}"
        before, kind = self.word(place - 1), self.kind(place - 1)
        if kind == WORD and before in _TYPES and start == self.found[place].start and number:
            start, new = self.found[place - 1].start, f"{new}::{before}"
        elif before == "(" and self.word(place - 2) == "extract" and self.word(end) == "from":
            name, word = self.found[place - 2], self.found[end]
            self.edits.append(Edit(start=name.start, end=name.end, text="pg_catalog.extract"))
            self.edits.append(Edit(start=word.start, end=word.end, text=","))
        if self.text[start:stop] != new and number:
            self.edits.append(Edit(start=start, end=stop, text=new))

    def doubled(self) -> list[Edit]:
        """The signs that a driver wants twice where they are operators."""
        made = []
        for token in self.found if self.styles & {"%", "?"} else ():
            raw = self.text[token.start : token.end]
            is_doubled = raw == "%%" and "%" in self.styles or raw in ("??", "??|", "??&") and "?" in self.styles
            if token.kind == OPERATOR and is_doubled:
                made.append(Edit(start=token.start, end=token.end, text=raw[1:]))
        return made
