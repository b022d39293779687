"""A value that may take several lines: in a literal, or where somebody's terminal broke the line."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"""[eE]'|'|"|[(\[]|[)\]]""")
_END = {
    "e": re.compile(r"(?:[^'\\]|''|\\.)*+'", re.DOTALL),
    "'": re.compile(r"(?:[^']|'')*+'"),
    '"': re.compile(r'(?:[^"]|"")*+"'),
}


class Rest:
    """The value as far as it is known, and what is still open in it. Each line is looked at once."""

    def __init__(self, value: str = "", done: Callable[[str], None] | None = None) -> None:
        self._parts: list[str] = []
        self._done = done
        self._quote = ""
        self._depth = 0
        if done:
            self.add(value)

    @property
    def goes_on_in_literal(self) -> bool:
        """Whether a literal or a quoted name is not closed yet."""
        return bool(self._quote)

    @property
    def goes_on_in_brackets(self) -> bool:
        """Whether more brackets were opened than closed."""
        return self._depth > 0

    def add(self, text: str) -> None:
        """The next piece of the value."""
        self._parts.append(text)
        position = 0
        while position < len(text):
            if self._quote:
                end = _END[self._quote].match(text, position)
                if not end:
                    return
                position, self._quote = end.end(), ""
                continue
            token = _TOKEN.search(text, position)
            if not token:
                return
            mark, position = token.group()[0].lower(), token.end()
            if mark in _END:
                is_escaped = mark == "e" and (token.start() == 0 or not text[token.start() - 1].isalnum())
                self._quote = "e" if is_escaped else token.group()[-1]
            else:
                self._depth += 1 if mark in "([" else -1

    def close(self) -> None:
        """Hands the whole value on, once."""
        if self._done:
            self._done("".join(self._parts))
            self._done = None
        self._quote, self._depth = "", 0
