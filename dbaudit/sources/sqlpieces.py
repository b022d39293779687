"""The tokens of a statement with what belongs together put together: placeholders, casts, and pairs of parentheses."""

from __future__ import annotations

from collections.abc import Sequence

from dbaudit.sources.sqllex import NUMBER, OPERATOR, PARAMETER, PUNCTUATION, QUOTED, STRING, WORD, Token, fold

CAST = "::"
_COMPARISONS = ("<>", "!=", "<=", ">=", "=", "<", ">")
_CONTAINED = "<@"
_CLOSING = {")": "(", "]": "["}


class NotRead(Exception):
    """The text is not understood. Its message is the reason, for the reader."""


class Pieces:
    """A statement as a row of pieces; everything is by a piece's place in the row.

    `words` holds a keyword or unquoted identifier as PostgreSQL folds it, the characters of punctuation and operators,
    and nothing for literals, quoted identifiers and parameters. `partner` leads from a bracket to the one that closes or
    opens it. Every placeholder that is in use counts as a parameter: $1, %s, %(name)s, :name, ?, @name, sqlc.arg(name).
    """

    __slots__ = ("text", "kinds", "words", "starts", "ends", "partner")

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        """Raises NotRead for a template, and where brackets do not match."""
        self.text = text
        self.kinds: list[str] = []
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        place, count = 0, len(tokens)
        while place < count:
            place += self._take(tokens, place)
        self.partner = self._paired()

    def __len__(self) -> int:
        return len(self.kinds)

    def raw(self, start: int, end: int) -> str:
        """The text of the pieces from `start` to before `end`, on one line."""
        return " ".join(self.text[self.starts[start] : self.ends[end - 1]].split()) if start < end else ""

    def is_name(self, place: int) -> bool:
        """Whether a piece is an identifier or a keyword."""
        return place < len(self.kinds) and self.kinds[place] in (WORD, QUOTED)

    def name(self, place: int) -> str:
        """An identifier as PostgreSQL knows it: folded, or without its quotes."""
        if self.kinds[place] == WORD:
            return self.words[place]
        return self.text[self.starts[place] : self.ends[place]].strip('"').replace('""', '"')

    def level(self, start: int, end: int):
        """The places from `start` to before `end` that are in no brackets of their own; of a pair, the opening one."""
        partner = self.partner
        while start < end:
            yield start
            start = partner[start] + 1 if partner[start] > start else start + 1

    def _take(self, tokens: Sequence[Token], place: int) -> int:
        """Adds the piece that begins with a token. Returns of how many tokens it is."""
        kind, start, end = tokens[place]
        if kind == WORD:
            word = fold(self.text[start:end])
            if word == "sqlc" and (length := self._sqlc(tokens, place)):
                return self._add(PARAMETER, "", start, tokens[place + length - 1].end, length)
            return self._add(WORD, word, start, end)
        if kind == PUNCTUATION:
            word = self.text[start]
            if word in "{}":
                raise NotRead("it is a template")
            if word == ":" and self.text.startswith(":", end):
                return self._add(OPERATOR, CAST, start, end + 1, 2)
            if word == ":" and self._touches(tokens, place, WORD):
                return self._add(PARAMETER, "", start, tokens[place + 1].end, 2)
            return self._add(PUNCTUATION, word, start, end)
        if kind == OPERATOR:
            return self._operator(tokens, place)
        return self._add(kind, "", start, end)

    def _operator(self, tokens: Sequence[Token], place: int) -> int:
        _, start, end = tokens[place]
        word = self.text[start:end]
        sign = word[-1]
        before = word[:-1]
        length = 0
        if sign in "%@?" and (not before or before in _COMPARISONS and word != _CONTAINED):
            length = self._placeholder(tokens, place, sign, before)
        if not length:
            return self._add(OPERATOR, word, start, end)
        if before:
            self._add(OPERATOR, before, start, end - 1)
        return self._add(PARAMETER, "", end - 1, tokens[place + length - 1].end, length)

    def _placeholder(self, tokens: Sequence[Token], place: int, sign: str, before: str) -> int:
        """Of how many tokens the placeholder is that begins with this sign, or 0 where it is an operator."""
        if sign == "?":
            return int(bool(before) or not self._ends_operand())
        if sign == "@":
            return 2 if self._touches(tokens, place, WORD) and (before or not self._ends_operand()) else 0
        after = self.text[tokens[place].end :][:1]
        if after in ("s", "b", "t") and self._touches(tokens, place, WORD):
            is_one_letter = tokens[place + 1].end == tokens[place + 1].start + 1
            return 2 if is_one_letter and (before or not self._ends_operand()) else 0
        if after == "(":
            rest = [self.text[token.start : token.end] for token in tokens[place + 3 : place + 5]]
            return 5 if rest[:1] == [")"] and rest[1:] in (["s"], ["b"], ["t"]) else 0
        return 0

    def _ends_operand(self) -> bool:
        """Whether the last piece can be what an operator comes after."""
        if not self.kinds:
            return False
        kind, word = self.kinds[-1], self.words[-1]
        if kind == WORD:
            return word not in _BEFORE_VALUE
        return kind in (QUOTED, STRING, NUMBER, PARAMETER) or word in (")", "]")

    def _touches(self, tokens: Sequence[Token], place: int, kind: str) -> bool:
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        return after is not None and after.kind == kind and after.start == tokens[place].end

    def _sqlc(self, tokens: Sequence[Token], place: int) -> int:
        texts = [self.text[token.start : token.end] for token in tokens[place : place + 6]]
        is_call = len(texts) == 6 and texts[1] == "." and texts[2] in ("arg", "narg", "slice")
        return 6 if is_call and texts[3] == "(" and texts[5] == ")" else 0

    def _add(self, kind: str, word: str, start: int, end: int, length: int = 1) -> int:
        self.kinds.append(kind)
        self.words.append(word)
        self.starts.append(start)
        self.ends.append(end)
        return length

    def _paired(self) -> list[int]:
        partner = [-1] * len(self.kinds)
        opened: list[int] = []
        for place, word in enumerate(self.words):
            if word == "(" or word == "[":
                opened.append(place)
            elif word == ")" or word == "]":
                if not opened or self.words[opened[-1]] != _CLOSING[word]:
                    raise NotRead("its brackets do not match")
                partner[place] = opened.pop()
                partner[partner[place]] = place
        if opened:
            raise NotRead("its brackets do not match")
        return partner


_BEFORE_VALUE = frozenset(
    "select where and or not on having limit offset in between like ilike set when then else case values returning by "
    "any all some is from to similar using distinct".split()
)
