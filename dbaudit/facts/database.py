"""What a database was created with, and cannot change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One row. `provider` is "libc", "icu" or "builtin"; `locale` is the last two's own name for it, else empty."""

    encoding: str
    provider: str
    collate: str
    ctype: str
    locale: str
    block_size_bytes: int
