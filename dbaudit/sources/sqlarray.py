"""One-dimensional arrays in PostgreSQL's text form."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Source: PostgreSQL's manual, "Array Input and Output Syntax".
_ELEMENT = re.compile(r'"((?:[^"\\]++|\\.)*+)"|([^,"{}]++)', re.DOTALL)


def elements(text: str | None) -> Iterator[str | None]:
    """The elements of an array as the server prints it, None for NULL; none of them of no array at all."""
    for match in _ELEMENT.finditer(text[1:-1] if text else ""):
        quoted, plain = match.groups()
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        else:
            yield None if plain == "NULL" else plain
