"""Names of new indexes, as PostgreSQL would choose them, and quoting."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

_LIMIT_BYTES = 63


def index_name(table: str, columns: Sequence[str], taken: Container[str]) -> str:
    """`table_column_column_idx`, cut to 63 bytes and numbered where it is taken, unquoted.

    The rule is that of ChooseIndexName and makeObjectName in PostgreSQL: the longer of the two parts is cut first.
    """
    addition = _cut("_".join(columns), _LIMIT_BYTES)
    number = 0
    while True:
        name = _fitted(table, addition, f"_idx{number or ''}")
        if name not in taken:
            return name
        number += 1


def quoted(name: str) -> str:
    """The name as SQL writes it. Only for names that end in _idx and digits, none of which is a key word."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _fitted(first: str, second: str, label: str) -> str:
    room = _LIMIT_BYTES - len(label) - 1
    first_bytes, second_bytes = len(first.encode()), len(second.encode())
    while first_bytes + second_bytes > room:
        if first_bytes > second_bytes:
            first_bytes -= 1
        else:
            second_bytes -= 1
    return f"{_cut(first, first_bytes)}_{_cut(second, second_bytes)}{label}"


def _cut(text: str, size_bytes: int) -> str:
    return text.encode()[:size_bytes].decode(errors="ignore")
