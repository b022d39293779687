"""The names in SQL texts, by where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbaudit.sources import sqllex

# A word behind one of these is not a type.
_BEFORE_EXPRESSIONS = frozenset(
    "all and any between by case distinct else from group having in is join like limit not offset on only or order "
    "over select some then using values when where with".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a text names: words before a parenthesis, words behind a dot, words where a type may stand, all words,
    and operators."""

    calls: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)


def names_in(*texts: str) -> Names:
    """The names in SQL texts; string literals and comments name nothing. Reads each character once."""
    names, behind_as = Names(), set()
    for text in texts:
        before, word, lead = "", "", ""
        for kind, start, end in sqllex.tokens(text):
            if kind in (sqllex.SPACE, sqllex.COMMENT):
                continue
            token = text[start:end]
            if word and token == "(":
                names.calls.add(word)
            elif word and kind == sqllex.STRING:
                names.types.add(word)
            if "." not in (token, before):
                lead = ":" if before == ":" else word
            word = ""
            if kind == sqllex.WORD:
                word = sqllex.fold(token)
            elif kind == sqllex.QUOTED:
                word = token.partition('"')[2].removesuffix('"').replace('""', '"')
            elif kind == sqllex.OPERATOR:
                names.operators.add(token)
            if word:
                word = _as_stored(word)
                names.words.add(word)
                if before == ".":
                    names.members.add(word)
                if lead == "as":
                    behind_as.add(word)
                elif lead and lead not in _BEFORE_EXPRESSIONS:
                    names.types.add(word)
            before = token
    if names.calls & {"cast", "xmlserialize"}:
        names.types.update(behind_as)
    return names


def _as_stored(name: str) -> str:
    """An identifier cut to 63 bytes, as the server cuts it."""
    return name if len(name) < 16 else name.encode()[:63].decode("utf-8", "ignore")
