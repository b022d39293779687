"""Variables of the environment: files of them, and the address of the database among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a service connects to, without its password. Empty and None are what the URL does not say."""

    host: str
    port: int | None
    role: str
    database: str


def from_file(text: str) -> dict[str, str | None]:
    """The variables of an env file. One that is worked out from others is set to something that is not known."""
    found: dict[str, str | None] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            value = value[1:-1] if is_quoted else value.partition(" #")[0].rstrip()
            found[name.strip()] = None if "$" in value else value
    return found


def addresses(environment: Mapping[str, str | None]) -> frozenset[Address]:
    """The PostgreSQL servers that URLs in the environment name."""
    return frozenset(
        address for value in environment.values() if value and (address := address_of(value)) is not None
    )


def address_of(url: str) -> Address | None:
    """What a URL of PostgreSQL names; None for any other text."""
    scheme = url.partition("://")[0].partition("+")[0]
    if scheme not in ("postgres", "postgresql", "postgis"):
        return None
    try:
        parts = urlsplit(url)
        return Address(
            host=parts.hostname or "",
            port=parts.port,
            role=unquote(parts.username or ""),
            database=unquote(parts.path.removeprefix("/")),
        )
    except ValueError:
        return None
