"""PostgreSQL's lexical rules: a text to tokens, without understanding it.

Source of the rules: PostgreSQL's manual, chapter "Lexical Structure", and the behavior of src/backend/parser/scan.l
with standard_conforming_strings on. Nothing is ever an error here: what is not closed reaches to the end of the text,
and what PostgreSQL does not know is a token of its own. Each character is read a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

SPACE = "space"
COMMENT = "comment"
WORD = "word"
QUOTED = "quoted"
STRING = "string"
NUMBER = "number"
PARAMETER = "parameter"
OPERATOR = "operator"
PUNCTUATION = "punctuation"

_OPENS_COMMENT = "opens_comment"
_OPENS_DOLLAR = "opens_dollar"
_MARK = "mark"

# A letter is one of ASCII, an underscore, or anything beyond ASCII. Said by what it is not: re takes 10 ms to compile a
# range of a million characters.
_LETTER = r"[^\x00-@\[-\^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-\^`{-\x7f]"
_IN_WORD = r"[^\x00-#%-/:-@\[-\^`{-\x7f]"
# Before 3.11.5 a possessive group that fails half-way leaves re behind what it read (CPython issue 106052): a group with
# a repetition or a look-ahead in it is not possessive here.
# A string goes on in the next line: white space with a line break in it, and a quote.
_CONTINUED = r"(?:[ \t\f\v]++|--[^\r\n]*+)*[\r\n](?:[ \t\r\n\f\v]++|--[^\r\n]*+[\r\n])*'"
_BODY = r"[^']*+(?:''[^']*+)*+"
_ESCAPED_BODY = r"(?:[^'\\]++|''|\\[\s\S]?)*+"

# White space, then one token. The commonest come first, as long as none before it could be the beginning of another.
_TOKEN = re.compile(
    rf"""
    [ \t\r\n\f\v]*+ (?:
      (?P<word>        (?![eEbBxXnN]'|[uU]&['"]){_LETTER}{_IN_WORD}*+ )
    | (?P<mark>        [(),;] )
    | (?P<string>      [eE]'{_ESCAPED_BODY}(?:'{_CONTINUED}{_ESCAPED_BODY})*'?
                     | (?:[bBxXnN]|[uU]&)?'{_BODY}(?:'{_CONTINUED}{_BODY})*'? )
    | (?P<quoted>      (?:[uU]&)?"[^"]*+(?:""[^"]*+)*+"? )
    | (?P<number>      0[xX][0-9A-Fa-f_]++ | 0[oO][0-7_]++ | 0[bB][01_]++
                     | (?:[0-9][0-9_]*+(?:\.(?!\.)[0-9_]*+)?|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9][0-9_]*+)? )
    | (?P<comment>     --[^\r\n]*+ )
    | (?P<opens_comment> /\* )
    | (?P<operator>    (?:(?!--|/\*)[~!@\#^&|`?+\-*/%<>=])+ )
    | (?P<parameter>   \$[0-9]++ )
    | (?P<opens_dollar>  \$(?:{_LETTER}{_LETTER_OR_DIGIT}*+)?\$ )
    | (?P<punctuation> [\s\S] )
    )
    """,
    re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_SPECIAL_IN_OPERATOR = re.compile(r"[~!@#%^&|`?]")


class Token(NamedTuple):
    """A piece of a text: what it is, and where it starts and ends (offsets in characters, end exclusive)."""

    kind: str
    start: int
    end: int


def tokens(text: str, position: int = 0) -> Iterator[Token]:
    """The tokens from `position` on, white space and comments among them: together they are the whole text."""
    for token in marks(text, position):
        if token.start > position:
            yield Token(SPACE, position, token.start)
        yield token
        position = token.end
    if position < len(text):
        yield Token(SPACE, position, len(text))


def marks(text: str, position: int = 0) -> Iterator[Token]:
    """The tokens from `position` on without white space, comments among them."""
    match, make = _TOKEN.match, tuple.__new__
    while found := match(text, position):
        kind = found.lastgroup
        start, position = found.span(found.lastindex)
        if kind == _MARK:
            kind = PUNCTUATION
        elif kind == OPERATOR and position - start > 1:
            position = start + _operator_length(text[start:position])
        elif kind == _OPENS_COMMENT:
            kind, position = COMMENT, _end_of_comment(text, position)
        elif kind == _OPENS_DOLLAR:
            kind, position = STRING, _end_of_dollars(text, start, position)
        yield make(Token, (kind, start, position))


def _end_of_dollars(text: str, start: int, end: int) -> int:
    """Where a string ends that text[start:end] opens: behind the same again."""
    tag = text[start:end]
    closing = text.find(tag, end)
    return len(text) if closing < 0 else closing + len(tag)


def significant(text: str) -> list[Token]:
    """The tokens of a text without white space and comments."""
    return [token for token in marks(text) if token.kind != COMMENT]


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """An unquoted identifier or keyword as PostgreSQL folds it: ASCII letters to lower case, no others."""
    return word.lower() if word.isascii() else re.sub(r"[A-Z]+", lambda letters: letters.group().lower(), word)


def _end_of_comment(text: str, position: int) -> int:
    """Where a block comment ends that was opened before `position`: they nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(text)


def _operator_length(operator: str) -> int:
    """An operator of several characters ends in + or - only if it has one of ~ ! @ # % ^ & | ` ? in it."""
    if operator[-1] not in "+-" or _SPECIAL_IN_OPERATOR.search(operator):
        return len(operator)
    return len(operator.rstrip("+-")) or len(operator)
