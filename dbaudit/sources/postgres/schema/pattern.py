"""Names as psql's \\d and pg_dump's --table know them."""

from __future__ import annotations

import re

from dbaudit.errors import AuditError


def matches(pattern: str, name: str, schema: str = "") -> bool:
    """Whether a pattern means this name, or this name in this schema, both unquoted.

    Letters are folded to lower case outside of double quotes; * means any characters, ? means one, a dot separates the
    schema from the name; the rest is a regular expression. Source: psql's manual, "Patterns". Raises AuditError where
    the expression cannot be read.
    """
    parts = _expressions(pattern)
    texts = (schema, name)[2 - len(parts) :] if len(parts) <= 2 else None
    if texts is None:
        raise AuditError(f"the pattern {pattern} has more than one dot", "schema.table; quote a dot that is part of a name")
    try:
        return all(re.fullmatch(expression, text) for expression, text in zip(parts, texts))
    except re.error as error:
        raise AuditError(f"the pattern {pattern} cannot be read: {error}") from None


def _expressions(pattern: str) -> list[str]:
    parts, quoted = [""], False
    characters = iter(range(len(pattern)))
    for index in characters:
        character = pattern[index]
        if character == '"' and quoted and pattern[index + 1 : index + 2] == '"':
            parts[-1] += '"'
            next(characters)
        elif character == '"':
            quoted = not quoted
        elif quoted:
            parts[-1] += re.escape(character)
        elif character == ".":
            parts.append("")
        else:
            parts[-1] += {"*": ".*", "?": ".", "$": r"\$"}.get(character, character.lower())
    return parts
